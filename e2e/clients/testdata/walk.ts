// Makes every call of the example with types that openapi-typescript has made.
import { readFileSync } from "node:fs";
import createClient from "openapi-fetch";
import type { paths } from "./schema";

const [base, secret, log] = process.argv.slice(2) as [string, string, string];
const client = createClient<paths>({ baseUrl: base });
const password = "Analytical-1_Engine", other = "Difference-2_Engine", third = "Difference-3_Engine";
const admin = { "secret-key": secret };
const login = (password: string) => ({ Authorization: "Basic " + Buffer.from("ada:" + password).toString("base64") });

// step checks the status, and that there is an answer where one belongs.
async function step<T>(name: string, call: Promise<{ data?: T; error?: unknown; response: Response }>, status: number): Promise<T> {
  const { data, error, response } = await call;
  if (response.status !== status) throw new Error(`${name} is answered ${response.status}: ${JSON.stringify(error)}`);
  return data as T;
}

// token returns that of the latest mail with a link to a page.
async function token(page: string): Promise<string> {
  for (let n = 0; n < 200; n++) {
    const links = [...readFileSync(log, "utf8").matchAll(new RegExp(`/account/${page}#([A-Za-z0-9_.-]+)`, "g"))];
    const latest = links.at(-1)?.[1];
    if (latest) return latest;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  throw new Error("no mail comes");
}

async function walk() {
  const wrong = await client.POST("/auth/new", { body: { name: "x" }, headers: { "secret-key": "wrong" } });
  if (wrong.error?.code !== "secret_wrong") throw new Error(`a wrong secret is answered ${JSON.stringify(wrong.error)}`);
  const key = await step("issueKey", client.POST("/auth/new", { headers: admin, body: { username: "ada", email: "ada@example.com", password } }), 201);
  const byKey = { Authorization: "Bearer " + key.api_key }, id = key.id, ada = { username: "ada" };
  await step("greet", client.GET("/unsecure"), 200);
  await step("greetByName", client.GET("/secure", { headers: byKey }), 200);
  const renewed = await step("renewKey", client.POST("/auth/renew", { headers: admin, body: { id, never_expires: true } }), 200);
  const never: null | string = renewed.expiration_date;
  if (never !== null) throw new Error(`the date is ${never}`);
  await step("revokeKey", client.POST("/auth/revoke", { headers: admin, body: { id } }), 200);
  await step("renewKey", client.POST("/auth/renew", { headers: admin, body: { id, reactivate: true } }), 200);
  const list = await step("listKeys", client.GET("/auth/logs", { headers: admin, params: { query: { username: "ada", status: ["active", "expired"], limit: 10 } } }), 200);
  if (list.logs.length !== 1) throw new Error(`the list is ${JSON.stringify(list)}`);
  const batch = await step("issueKeys", client.POST("/auth/new/bulk", { headers: admin, body: { keys: [{ name: "sensor" }, { name: "sensor", never_expires: true }] } }), 201);
  const repeated = await client.POST("/auth/new/bulk", { headers: admin, body: { batch_id: batch.batch_id, keys: [{ name: "sensor" }] } });
  if (repeated.error?.code !== "batch_exists" || repeated.response.status !== 409) throw new Error(`a batch that is repeated is answered ${JSON.stringify(repeated.error)}`);
  const found = await step("lookupKey", client.POST("/auth/lookup", { headers: admin, body: { api_key: batch.keys[0]!.api_key } }), 200);
  if (found.id !== batch.keys[0]!.id) throw new Error(`the key is ${JSON.stringify(found)}`);
  const many = await step("revokeKeys", client.POST("/auth/revoke/bulk", { headers: admin, body: { name: "sensor", expect: 2 } }), 200);
  if (many.revoked !== 2) throw new Error(`revoking many says ${JSON.stringify(many)}`);
  const totals = await step("countKeys", client.GET("/auth/totals", { headers: admin }), 200);
  if (totals.revoked !== 2) throw new Error(`the totals are ${JSON.stringify(totals)}`);
  const lines = await step("exportKeys", client.GET("/auth/logs/export", { headers: admin, params: { query: { name: "sensor" } }, parseAs: "text" }), 200);
  if (lines.trim().split("\n").length !== 2) throw new Error(`the export is ${lines}`);
  await step("listUsage", client.GET("/auth/usage", { headers: admin, params: { query: { by: "key,route" } } }), 200);
  await step("listUsers", client.GET("/auth/users", { headers: admin, params: { query: { disabled: false } } }), 200);
  await step("exportUser", client.GET("/auth/users/export", { headers: admin, params: { query: { id: key.user_id } } }), 200);
  await step("updateUser", client.POST("/auth/users/update", { headers: admin, body: { ...ada, access_until: "2099-12-31" } }), 200);
  await step("updateUser", client.POST("/auth/users/update", { headers: admin, body: { ...ada, access_until: null } }), 200);
  await step("disableUser", client.POST("/auth/users/disable", { headers: admin, body: ada }), 200);
  await step("enableUser", client.POST("/auth/users/enable", { headers: admin, body: ada }), 200);
  const verified = await step("verifyPassword", client.POST("/auth/verify", { headers: admin, body: { ...ada, password } }), 200);
  if (!verified.verified || verified.user?.username !== "ada") throw new Error(`the answer is ${JSON.stringify(verified)}`);
  await step("getAccount", client.GET("/account", { headers: login(password) }), 200);
  const second = await step("issueAccountKey", client.POST("/account/new", { headers: login(password), body: { name: "second" } }), 201);
  await step("listAccountKeys", client.GET("/account/logs", { headers: byKey }), 200);
  await step("listAccountUsage", client.GET("/account/usage", { headers: byKey }), 200);
  await step("renewAccountKey", client.POST("/account/renew", { headers: login(password), body: { id: second.id } }), 200);
  await step("revokeAccountKey", client.POST("/account/revoke", { headers: byKey, body: { id: second.id } }), 200);
  await step("changePassword", client.POST("/account/password", { headers: login(password), body: { password: other } }), 200);
  await step("sendConfirmation", client.POST("/account/confirm/send", { headers: login(other) }), 202);
  await step("findLink", client.POST("/account/link", { body: { token: await token("confirm") } }), 200);
  await step("confirmEmail", client.POST("/account/confirm", { body: { token: await token("confirm") } }), 204);
  await step("forgotPassword", client.POST("/account/forgot", { body: { email: "ada@example.com" } }), 202);
  await step("resetPassword", client.POST("/account/reset", { body: { token: await token("reset"), password: third } }), 204);
  const account = await step("changeEmail", client.POST("/account/email", { headers: login(third), body: { email: "lovelace@example.org" } }), 200);
  if (account.pending_email !== "lovelace@example.org") throw new Error(`the account is ${JSON.stringify(account)}`);
  await step("resetUser", client.POST("/auth/users/reset", { headers: admin, body: ada }), 200);
  await step("deleteKey", client.POST("/auth/delete", { headers: admin, body: { id } }), 204);
  await step("deleteUser", client.POST("/auth/users/delete", { headers: admin, body: ada }), 204);
}

walk().catch(error => { console.error(error); process.exit(1); });
