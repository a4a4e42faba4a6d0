export { analysesSearch } from "./search";
