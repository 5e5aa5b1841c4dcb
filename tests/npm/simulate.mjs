// Decides requests with iam-simulate: a JSON object a line in, one a line out.
// In: {"policies": {name: document}} once, then {"request", "identity", "boundary", "session", "resource", "endpoint"} each, with
// names of policies in the last five. Out: {"decision", "ignored"}, or {"error"} where it decides nothing.
import { createInterface } from "node:readline";
import {
  createValidatedPolicy,
  validateEndpointPolicy,
  validateIdentityPolicy,
  validateResourcePolicy,
} from "@cloud-copilot/iam-policy";
import { anonymousPrincipal, runSimulation } from "@cloud-copilot/iam-simulate";

const documents = {};
const validated = new Map(); // each policy is checked once, not for each of thousands of requests

function policy(name, check) {
  const key = `${check.name} ${name}`;
  if (!validated.has(key)) validated.set(key, createValidatedPolicy(documents[name], check));
  return validated.get(key);
}

const named = (names, check) => names.map((name) => ({ name, policy: policy(name, check) }));
const optional = (name, check) => (name ? named([name], check) : undefined);

function simulation(asked) {
  return {
    request: { ...asked.request, principal: asked.request.principal ?? anonymousPrincipal },
    identityPolicies: named(asked.identity, validateIdentityPolicy),
    permissionBoundaryPolicies: optional(asked.boundary, validateIdentityPolicy),
    sessionPolicy: asked.session ? policy(asked.session, validateIdentityPolicy) : undefined,
    resourcePolicy: asked.resource ? policy(asked.resource, validateResourcePolicy) : undefined,
    vpcEndpointPolicies: optional(asked.endpoint, validateEndpointPolicy),
    serviceControlPolicies: [],
    resourceControlPolicies: [],
  };
}

async function decide(asked) {
  const found = await runSimulation(simulation(asked), { simulationMode: "Strict" });
  if (found.resultType === "error") return { error: found.errors };
  const results = found.results ?? [found.result];
  return { decision: found.overallResult, ignored: [...new Set(results.flatMap((one) => one.ignoredContextKeys ?? []))] };
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  if (asked.policies) Object.assign(documents, asked.policies);
  else process.stdout.write(`${JSON.stringify(await decide(asked))}\n`);
}
