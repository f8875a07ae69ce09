/** Where the console is served, found at run time: the server writes `<base href>`. Ends with a slash. */
export const basePath = new URL(document.baseURI).pathname.replace(/[^/]*$/, "");
/** The same without the last slash, for what begins with one (`/api/v1/…`). */
export const apiBase = basePath.slice(0, -1);
/** Below it lie the pages. */
export const routerBase = `${apiBase}/console`;
