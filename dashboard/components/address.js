// Keeps the address of the page in step with what the page shows.

import { streamlitComponent } from "./elements.js";

function mountAddress(root, data) {
  const take = ({ query }) => {
    if (location.search !== query) history.replaceState(history.state, "", location.pathname + query + location.hash);
  };
  take(data);
  return { take, destroy: () => {} };
}

export default streamlitComponent(mountAddress);
