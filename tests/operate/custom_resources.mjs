// k8s/optional/ against the schemas of KEDA and of the Prometheus operator.
// custom_resources.mjs MODULES, with a JSON list of documents on stdin.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const modules = createRequire(pathToFileURL(process.argv[2] + "/"));
const at = (path) => import(pathToFileURL(process.argv[2] + "/node_modules/@kubernetes-models/" + path));
const { ScaledObject } = modules("@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject");
const { ServiceMonitor } = await at("prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor.js");
const models = { ScaledObject, ServiceMonitor };

function problem(document) {
  try {
    new models[document.kind](document).validate();
    return null;
  } catch (error) {
    return error.message;
  }
}

let passed = 0;
let failed = 0;
function check(what, found) {
  if (found === null) passed++;
  else failed++;
  console.log(found === null ? `ok: ${what}` : `FAILED: ${what}\n    ${found}`);
}

for (const document of JSON.parse(readFileSync(0, "utf8"))) {
  check(`${document.kind}: its schema`, problem(document));
  const broken = structuredClone(document);
  broken.spec = document.kind === "ScaledObject" ? { triggers: "none" } : { endpoints: "none" };
  check(`${document.kind}: a wrong type would be found`, problem(broken) ? null : "it was not");
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
