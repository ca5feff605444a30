// Everything a page shows lives in this browser: there is nothing for the edge to draw.
export const ssr = false;
