/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:vmerror
 * @title: VmError
 * @short_description: what can go wrong
 *
 * Everything that fails does so with a #GError of the domain #VM_ERROR, whose
 * message is a sentence for people. The same codes travel on the wire and come
 * back as the same errors on the other side.
 */

#include <gst/videomeet/vmerror.h>
#include "base/vmerror-priv.h"

/**
 * vm_error_quark:
 *
 * The domain of the library's errors; see #VM_ERROR. Any thread.
 *
 * Returns: the quark
 *
 * Since: 0.1
 */
GQuark
vm_error_quark (void)
{
  return g_quark_from_static_string ("vm-error-quark");
}

/* One row a code: its name on the wire and the HTTP status it travels with
 * (protocol/http.md#errors). */
static const struct
{
  const gchar *code;
  guint status;
} errors[] = {
  [VM_ERROR_FAILED] = { "FAILED", 500 },
  [VM_ERROR_BAD_MESSAGE] = { "BAD_MESSAGE", 400 },
  [VM_ERROR_BAD_REQUEST] = { "BAD_REQUEST", 400 },
  [VM_ERROR_NOT_FOUND] = { "NOT_FOUND", 404 },
  [VM_ERROR_MEETING_NOT_FOUND] = { "MEETING_NOT_FOUND", 404 },
  [VM_ERROR_MEETING_FULL] = { "MEETING_FULL", 409 },
  [VM_ERROR_MEETING_LOCKED] = { "MEETING_LOCKED", 423 },
  [VM_ERROR_MEETING_ENDED] = { "MEETING_ENDED", 410 },
  [VM_ERROR_NOT_TRUSTED] = { "NOT_TRUSTED", 403 },
  [VM_ERROR_WRONG_PIN] = { "WRONG_PIN", 403 },
  [VM_ERROR_BAD_TICKET] = { "BAD_TICKET", 403 },
  [VM_ERROR_RATE_LIMITED] = { "RATE_LIMITED", 429 },
  [VM_ERROR_TOO_LARGE] = { "TOO_LARGE", 413 },
  [VM_ERROR_UNROUTABLE] = { "UNROUTABLE", 404 },
  [VM_ERROR_WRONG_HOST] = { "WRONG_HOST", 421 },
  [VM_ERROR_WRONG_ORIGIN] = { "WRONG_ORIGIN", 403 },
  [VM_ERROR_WRONG_KEY] = { "WRONG_KEY", 403 },
  [VM_ERROR_FINGERPRINT] = { "FINGERPRINT", 403 },
  [VM_ERROR_CODEC] = { "CODEC", 415 },
  [VM_ERROR_TIMEOUT] = { "TIMEOUT", 504 },
  [VM_ERROR_PORT_IN_USE] = { "PORT_IN_USE", 500 },
  [VM_ERROR_NO_NETWORK] = { "NO_NETWORK", 503 },
  [VM_ERROR_DISCONNECTED] = { "DISCONNECTED", 503 },
  [VM_ERROR_KICKED] = { "KICKED", 403 },
  [VM_ERROR_IDENTITY] = { "IDENTITY", 500 },
  [VM_ERROR_KEY_CHANGED] = { "KEY_CHANGED", 403 },
  [VM_ERROR_RESUME_FAILED] = { "RESUME_FAILED", 410 },
  [VM_ERROR_SIGNATURE] = { "SIGNATURE", 403 },
  [VM_ERROR_DECLINED] = { "DECLINED", 403 },
  [VM_ERROR_CANCELLED] = { "CANCELLED", 410 },
  [VM_ERROR_CAP_REQUIRED] = { "CAP_REQUIRED", 403 },
  [VM_ERROR_CAP_EXPIRED] = { "CAP_EXPIRED", 403 },
  [VM_ERROR_CAP_INVALID] = { "CAP_INVALID", 403 },
  [VM_ERROR_P2P_SESSION_DENIED] = { "P2P_SESSION_DENIED", 403 },
  [VM_ERROR_USER_TAKEN] = { "USER_TAKEN", 409 },
  [VM_ERROR_HOST_UNKNOWN] = { "HOST_UNKNOWN", 403 },
};

/**
 * vm_error_to_code:
 * @error: a #VmError
 *
 * Names an error as the wire does. Pure: any thread.
 *
 * Returns: (transfer none): its name on the wire, as `MEETING_FULL`
 *
 * Since: 0.1
 */
const gchar *
vm_error_to_code (VmError error)
{
  g_return_val_if_fail ((guint) error < G_N_ELEMENTS (errors), "FAILED");

  return errors[error].code;
}

/**
 * vm_error_get_code:
 * @error: an error of any domain
 *
 * What to call it where it is told to programs. Pure: any thread.
 *
 * Returns: (transfer none): as vm_error_to_code(); `FAILED` for what is no
 *   #VmError
 *
 * Since: 0.1
 */
const gchar *
vm_error_get_code (const GError *error)
{
  g_return_val_if_fail (error != NULL, "FAILED");

  return vm_error_to_code (
      error->domain == VM_ERROR ? error->code : VM_ERROR_FAILED);
}

/**
 * vm_error_from_code:
 * @code: (nullable): a code as received; any string
 * @error: (out): the #VmError it names, #VM_ERROR_FAILED if none
 *
 * Reads the code of an error that came from another device. Pure: any thread.
 *
 * Returns: whether @code is known
 *
 * Since: 0.1
 */
gboolean
vm_error_from_code (const gchar *code, VmError *error)
{
  for (guint i = 0; code && i < G_N_ELEMENTS (errors); i++) {
    if (g_strcmp0 (errors[i].code, code) == 0) {
      *error = i;
      return TRUE;
    }
  }
  *error = VM_ERROR_FAILED;
  return FALSE;
}

/*
 * vm_error_to_http_status:
 * @error: a #VmError
 *
 * Says with which HTTP status an error is answered (`protocol/http.md#errors`).
 * Pure: any thread.
 *
 * Returns: the HTTP status that goes with it, 400–599
 *
 * Since: 0.1
 */
guint
vm_error_to_http_status (VmError error)
{
  g_return_val_if_fail ((guint) error < G_N_ELEMENTS (errors), 500);

  return errors[error].status;
}
