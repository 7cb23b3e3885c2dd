// What a hook of a job uses to speak with maand: variables, secrets, demands, semaphores.
//
// Put beside every hook: `import * as maand from "./maand.ts"`. Needs nothing but bun or node. Only types
// that can be stripped, so that node runs it as it is; node:http, since fetch sends no body of a GET.
import * as http from "node:http";

const host = process.env.JOB_COMMAND_API_HOST ?? "127.0.0.1";
const port = Number(process.env.JOB_COMMAND_API_PORT || "8080");

export class MaandError extends Error {
  response: Response | undefined;
  constructor(message: string, response?: Response) {
    super(message);
    this.name = "MaandError";
    this.response = response;
  }
}

// An answer of the runtime API.
export class Response {
  status: number;
  body: string;
  request: string;
  constructor(status: number, body: string, request: string) {
    this.status = status;
    this.body = body;
    this.request = request;
  }
  get ok(): boolean {
    return this.status < 400;
  }
  get status_code(): number {
    return this.status;
  }
  async text(): Promise<string> {
    return this.body;
  }
  async json(): Promise<any> {
    return JSON.parse(this.body);
  }
  raise_for_status(): Response {
    if (!this.ok) throw new MaandError(`${this.request}: ${this.status} ${this.body.trim()}`, this);
    return this;
  }
}

function call(method: string, path: string, body?: unknown, timeoutSeconds: number = 60): Promise<Response> {
  const headers: Record<string, string> = {
    "X-ALLOCATION-ID": process.env.ALLOCATION_ID ?? "",
    EVENT: process.env.EVENT ?? "",
    COMMAND: process.env.COMMAND ?? "",
  };
  if (process.env.MAAND_HOOK_TOKEN) headers["Authorization"] = `Bearer ${process.env.MAAND_HOOK_TOKEN}`;
  const data = body === undefined ? undefined : Buffer.from(JSON.stringify(body), "utf8");
  if (data) {
    headers["Content-Type"] = "application/json";
    headers["Content-Length"] = String(data.length);
  }
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, method, path, headers, agent: false }, (reply) => {
      const pieces: Buffer[] = [];
      reply.on("data", (piece: Buffer) => pieces.push(piece));
      reply.on("error", reject);
      reply.on("end", () =>
        resolve(new Response(reply.statusCode ?? 0, Buffer.concat(pieces).toString("utf8"), `${method} ${path}`)));
    });
    request.setTimeout(timeoutSeconds * 1000, () =>
      request.destroy(new MaandError(`${method} ${path}: no answer within ${timeoutSeconds} s`)));
    request.on("error", reject);
    request.end(data);
  });
}

function needed(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new MaandError(`${name} is not set: this is no hook of maand`);
  return value;
}

// ---- identity

export const allocation_id = (): string => needed("ALLOCATION_ID");
export const allocation_ip = (): string => needed("ALLOCATION_IP");
export const allocation_index = (): number => Number(needed("ALLOCATION_INDEX"));
export const is_allocation_disabled = (): boolean => process.env.DISABLED === "1";
export const command_event = (): string => needed("EVENT");
export const command_name = (): string => needed("COMMAND");
export const job_name = (): string => needed("JOB");

// ---- variables and secrets

const variables = (): string => `vars/job/${job_name()}`;
const secrets = (): string => `secrets/job/${job_name()}`;

export const get_store_value = (namespace: string, key: string): Promise<Response> =>
  call("GET", "/kv", { namespace, key });

export async function get_kv_value(namespace: string, key: string): Promise<string> {
  const response = await get_store_value(namespace, key);
  return JSON.parse(response.raise_for_status().body).value ?? "";
}

export const put_job_variable = (key: string, value: string): Promise<Response> =>
  call("PUT", "/kv", { namespace: variables(), key, value: String(value) });

export const delete_job_variable = (key: string): Promise<Response> =>
  call("DELETE", "/kv", { namespace: variables(), key });

export const put_job_secret = (key: string, value: string): Promise<Response> =>
  call("PUT", "/kv/secret", { namespace: secrets(), key, value: String(value) });

export const delete_job_secret = (key: string): Promise<Response> =>
  call("DELETE", "/kv/secret", { namespace: secrets(), key });

export async function list_job_keys(namespace?: string): Promise<Record<string, string[]>> {
  const response = await call("GET", "/kv/keys", namespace ? { namespace } : {});
  return JSON.parse(response.raise_for_status().body).namespaces;
}

export async function get_rollout_order(): Promise<string[]> {
  const value = await get_kv_value(`maand/job/${job_name()}`, "rollout_order");
  return value.split(",").filter((worker) => worker !== "");
}

// Only in pre_deploy and cli.
export const put_rollout_order = (workers: string[] | string): Promise<Response> =>
  call("PUT", "/kv", {
    namespace: `maand/job/${job_name()}`,
    key: "rollout_order",
    value: typeof workers === "string" ? workers : workers.join(","),
  });

export async function list_command_demands(): Promise<any[]> {
  return JSON.parse((await call("GET", "/demands")).raise_for_status().body);
}

// ---- semaphores

// Waits until it may go on; throws MaandError when that takes too long. Released at the hook's end.
export async function acquire_semaphore(name: string, capacity: number = 1, timeout_seconds: number = 600): Promise<any> {
  const wait = timeout_seconds > 0 ? timeout_seconds : 600;
  const body = { name, capacity, timeout_seconds: wait };
  const response = await call("POST", "/semaphore/acquire", body, Math.min(wait, 3600) + 30);
  return JSON.parse(response.raise_for_status().body);
}

export async function release_semaphore(name: string): Promise<any> {
  return JSON.parse((await call("POST", "/semaphore/release", { name })).raise_for_status().body);
}

export async function semaphore_status(name: string): Promise<any> {
  const path = `/semaphore/status?name=${encodeURIComponent(name)}`;
  return JSON.parse((await call("GET", path)).raise_for_status().body);
}

// ---- earlier names, and the same in camel case

export const get_allocation_id = allocation_id;
export const get_allocation_ip = allocation_ip;
export const get_allocation_index = allocation_index;
export const get_event = command_event;
export const get_command = command_name;
export const get_job = job_name;
export const kv_get = get_store_value;
export const kv_put = put_job_variable;
export const kv_put_secret = put_job_secret;
export const get_demands = list_command_demands;
export const put_deploy_order = put_rollout_order;
export const get_deploy_order = get_rollout_order;

export const allocationId = allocation_id;
export const allocationIp = allocation_ip;
export const allocationIndex = allocation_index;
export const isAllocationDisabled = is_allocation_disabled;
export const commandEvent = command_event;
export const commandName = command_name;
export const jobName = job_name;
export const getStoreValue = get_store_value;
export const getKvValue = get_kv_value;
export const putJobVariable = put_job_variable;
export const deleteJobVariable = delete_job_variable;
export const putJobSecret = put_job_secret;
export const deleteJobSecret = delete_job_secret;
export const listJobKeys = list_job_keys;
export const getRolloutOrder = get_rollout_order;
export const putRolloutOrder = put_rollout_order;
export const listCommandDemands = list_command_demands;
export const acquireSemaphore = acquire_semaphore;
export const releaseSemaphore = release_semaphore;
export const semaphoreStatus = semaphore_status;
