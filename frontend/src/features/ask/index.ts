export { askSearch } from "./search";
