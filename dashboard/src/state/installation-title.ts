/** The installation's name (`server.title` of its configuration), which the server writes into the page's `<title>`. */
export const installationTitle: string = document.title || "Build Ledger";
