// Keeps the address of the page in step with what the page shows.

import { keepAddress, streamlitComponent } from "./elements.js";

function mountAddress(root, data) {
  const take = ({ query }) => keepAddress(query);
  take(data);
  return { take, destroy: () => {} };
}

export default streamlitComponent(mountAddress);
