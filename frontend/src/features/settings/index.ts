export { settingsSearch } from "./search";
