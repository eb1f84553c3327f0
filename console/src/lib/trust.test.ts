import { expect, test } from "vitest";
import { trusts } from "./trust";

const document = encodeURIComponent('{"Statement":[{"Principal":{"Service":["events.amazonaws.com","states.amazonaws.com"]}}]}');

test.each([
  [document, "states.amazonaws.com", true], [document, "sagemaker.amazonaws.com", false], [undefined, "states.amazonaws.com", false],
  ["%", "states.amazonaws.com", false], [encodeURIComponent('{"Service":"mystates.amazonaws.com"}'), "states.amazonaws.com", false],
])("%s names %s: %s", (text, service, is) => expect(trusts(text, service)).toBe(is));
