"""What the browser side of the panels needs: data and scripts, for the dashboard and for a report on its own."""
