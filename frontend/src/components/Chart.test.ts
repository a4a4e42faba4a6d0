import { expect, test } from "vitest";
import { ceiling } from "@/components/Chart";

test.each([
  [0, 0],
  [1, 1],
  [3, 5],
  [12, 20],
  [51, 100],
  [0.03, 0.05],
])("the axis of %f ends at %f", (value, top) => {
  expect(ceiling(value)).toBeCloseTo(top);
});
