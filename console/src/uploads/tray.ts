import { createStore } from "~/store";

/** An upload of this user in this browser, as the header counts it. */
export interface TrayUpload {
  id: string;
  name: string;
  sent: number;
  length: number;
}

export const uploads = createStore<readonly TrayUpload[]>([]);
