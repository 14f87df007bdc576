// A certified OIDC provider (npm: oidc-provider) on loopback, for the tests. Only its login page is ours: whoever is named is in.
// Arguments: port, clients as JSON. Prints "ready" when it listens. Keys are drawn anew at every start.

import { createServer } from "node:http";
import { generateKeyPairSync } from "node:crypto";
import { Provider } from "../../client_web/node_modules/oidc-provider/lib/index.js";

const [port, clients] = [Number(process.argv[2]), JSON.parse(process.argv[3])];
const issuer = `http://127.0.0.1:${port}`;

/** @param {string} kind @param {object} how @param {string} kid */
function key(kind, how, kid) {
  const { privateKey } = generateKeyPairSync(kind, how);
  return { ...privateKey.export({ format: "jwk" }), kid, use: "sig" };
}

const stamp = Date.now().toString(36);
const provider = new Provider(issuer, {
  clients,
  jwks: { keys: [key("rsa", { modulusLength: 2048 }, `rsa-${stamp}`), key("ec", { namedCurve: "P-256" }, `ec-${stamp}`)] },
  cookies: { keys: ["only for tests"] },
  clientAuthMethods: [clients[0].token_endpoint_auth_method ?? "client_secret_basic"],
  claims: { acr: null, auth_time: null, iss: null, sid: null, openid: ["sub", "amr"] },
  acrValues: ["urn:school:two"],
  enabledJWA: { idTokenSigningAlgValues: ["RS256", "ES256", "HS256"] },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
});
// the port of the web process under test is drawn after the provider is told its clients
provider.Client.prototype.redirectUriAllowed = (uri) => uri.startsWith("http://127.0.0.1:") && uri.endsWith("/login/oidc/back");

async function body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return new URLSearchParams(Buffer.concat(parts).toString());
}

async function interaction(request, response) {
  const { params } = await provider.interactionDetails(request, response);
  if (request.method === "GET") {
    response.setHeader("Content-Type", "text/html");
    response.end('<form method="post"><input name="account"><input name="amr"><input name="acr"><button>in</button></form>');
    return;
  }
  const form = await body(request);
  if (form.get("abort")) {
    await provider.interactionFinished(request, response, { error: "access_denied" }, { mergeWithLastSubmission: false });
    return;
  }
  const accountId = form.get("account");
  const grant = new provider.Grant({ accountId, clientId: params.client_id });
  grant.addOIDCScope("openid");
  const amr = form.get("amr") ? form.get("amr").split(" ") : undefined;
  const result = {
    login: { accountId, amr, acr: form.get("acr") || undefined, remember: false },
    consent: { grantId: await grant.save() },
  };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

const callback = provider.callback();
createServer((request, response) => {
  if (!request.url.startsWith("/interaction/")) return callback(request, response);
  return interaction(request, response).catch((error) => {
    response.statusCode = 400;
    response.end(String(error));
  });
}).listen(port, "127.0.0.1", () => console.log("ready"));
