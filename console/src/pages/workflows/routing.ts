/** Where an alias leads: to one version, or to two that divide the executions. As it is sent, and as it is written in a form. Pure. */
import type { RoutingConfigurationListItem } from "@types-of/states";
import { nameOf } from "../../lib/arn";

/** ARNs of versions, the second one "" for none; the first one's share in percent, as it is typed. */
export interface Routing { first: string; second: string; share: string }

/** Of a new alias, or one that leads nowhere: all to `newest`. */
export function routingOf(items: readonly RoutingConfigurationListItem[], newest: string): Routing {
  const [first, second] = items;
  return { first: first?.stateMachineVersionArn ?? newest, second: second?.stateMachineVersionArn ?? "", share: second ? String(first!.weight) : "90" };
}

export function wrongShare({ second, share }: Routing): string | undefined {
  if (second === "" || (/^\d+$/.test(share) && Number(share) <= 100)) return undefined;
  return "A whole number from 0 to 100.";
}

/** The rest goes to the second; as long as the share is none, nobody knows. */
export const restOf = (routing: Routing): number | undefined => (wrongShare(routing) === undefined ? 100 - Number(routing.share) : undefined);

export function itemsOf({ first, second, share }: Routing): RoutingConfigurationListItem[] {
  if (second === "") return [{ stateMachineVersionArn: first, weight: 100 }];
  return [{ stateMachineVersionArn: first, weight: Number(share) }, { stateMachineVersionArn: second, weight: 100 - Number(share) }];
}

/** With another first version; what is first is not second as well. */
export const withFirst = (routing: Routing, first: string): Routing => ({ ...routing, first, second: routing.second === first ? "" : routing.second });

/** "version 2: 90 %, version 1: 10 %". */
export const routingText = (items: readonly RoutingConfigurationListItem[]): string =>
  items.map((one) => `version ${nameOf(one.stateMachineVersionArn)}: ${one.weight} %`).join(", ");

/** ARNs of the versions that can be chosen: those that are listed, and those that the alias leads to already. */
export function choices(listed: readonly string[], { first, second }: Routing): string[] {
  return [...new Set([...listed, first, second])].filter((arn) => arn !== "");
}
