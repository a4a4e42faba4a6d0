export { librarySearch } from "./search";
