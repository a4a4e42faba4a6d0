export { searchSearch } from "./search";
