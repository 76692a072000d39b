// A provider of OpenID Connect: oidc-provider from npm, where everybody signs in with any name and no password.
// node oidc_provider.mjs PORT REDIRECT_URI, with NODE_MODULES naming the folder that has it.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [port, redirect] = process.argv.slice(2);
const find = createRequire(`${process.env.NODE_MODULES}/`);
const { default: Provider } = await import(pathToFileURL(find.resolve("oidc-provider")).href);
const groups = { mei: ["staff", "video-ops"], ray: ["staff"] };
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: "qu-console", client_secret: "a secret: of/ours", redirect_uris: [redirect] }],
  claims: { openid: ["sub"], profile: ["preferred_username", "groups"], email: ["email"] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, preferred_username: id, groups: groups[id] ?? [], email: `${id}@example.com` }),
  }),
});
provider.listen(Number(port), "127.0.0.1", () => console.log("listening"));
