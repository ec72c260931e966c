// Sending a file up with word of how far it is, which fetch does not give.
import { ApiError } from "./server.js";

/** `done` gives the server's answer, or throws ApiError; `abort()` gives it up. */
export function upload(server, path, file, onProgress) {
  const request = new XMLHttpRequest();
  const send = () =>
    new Promise((resolve, reject) => {
      request.open("POST", path);
      request.responseType = "json";
      request.setRequestHeader("X-CSRF-Token", server.csrf ?? "");
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.upload.onprogress = ({ loaded, total }) => onProgress(Math.round((loaded / total) * 100));
      request.onload = () => {
        if (request.status >= 200 && request.status < 300 && request.response) resolve(request.response);
        else reject(new ApiError(request.status, request.response?.error));
      };
      request.onerror = request.onabort = () => reject(new ApiError(0, { code: "no_connection" }));
      request.send(file);
    });
  const done = send().catch(async (error) => {
    if (error.status === 401) server.onSignedOut();
    // A new sign-in in another tab changed the token; fetch it once and go on.
    if (error.status !== 403 || !error.code.startsWith("csrf")) throw error;
    await server.me();
    return send();
  });
  return { done, abort: () => request.abort() };
}
