export { useStanding } from "./key";
