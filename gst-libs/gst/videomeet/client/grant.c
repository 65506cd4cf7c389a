/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/grant.h"

#include "client/refusal.h"
#include "wire/iceservers.h"
#include "base/json/json.h"
#include "wire/signal.h"

#define TICKET_MAX 128 /* characters; ours have 43 */

gboolean
vm_grant_check_id (const gchar *claimed, const gchar *key_hash, GError **error)
{
  g_autofree gchar *id = vm_device_id_from_key_hash (key_hash);

  if (g_strcmp0 (id, claimed) == 0)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_WRONG_KEY,
      "The host's key does not hash to the device id it claims");
  return FALSE;
}

void
vm_grant_clear (VmGrant *grant)
{
  g_free (grant->ticket);
  g_free (grant->user);
  g_free (grant->device);
  vm_ice_grant_clear (&grant->ice);
}

/* The host's device id must be the hash of the key that TLS showed
 * (security.md#identity). */
static gboolean
read_host (
    const VmJson *json, VmGrant *grant, const gchar *key_hash, GError **error)
{
  VmJsonNode list = vm_json_get (json, 0, "participants");

  for (VmJsonNode e = vm_json_first (json, list); e != VM_JSON_NONE;
       e = vm_json_next (json, e)) {
    g_autofree gchar *claimed = NULL;
    gboolean host = FALSE;

    if (!vm_json_get_boolean (json, e, "host", &host, error))
      return FALSE;
    if (!host)
      continue;
    return vm_json_get_string (
               json, e, "deviceId", VM_SIGNAL_NAME_MAX, &claimed, error)
           && vm_json_get_string (
               json, e, "user", VM_SIGNAL_NAME_MAX, &grant->user, error)
           && vm_json_get_string (
               json, e, "device", VM_SIGNAL_NAME_MAX, &grant->device, error)
           && (!key_hash || !claimed
               || vm_grant_check_id (claimed, key_hash, error));
  }
  return TRUE;
}

/* Without them the meeting may still be reached: what is wrong with them is no
 * reason to refuse it. */
static void
read_ice_servers (const VmJson *json, VmGrant *grant)
{
  guint ignored = 0;

  vm_ice_grant_read (&grant->ice, json, 0, &ignored);
  if (ignored)
    g_message ("%u STUN or TURN server%s that the host names cannot be used "
               "and %s ignored",
        ignored, ignored == 1 ? "" : "s", ignored == 1 ? "is" : "are");
}

gboolean
vm_grant_read (const VmHttpReply *reply, VmGrant *grant, GError **error)
{
  gsize size;
  const gchar *data = g_bytes_get_data (reply->body, &size);
  VmJson json;

  if (reply->status != 200) {
    g_propagate_error (error, vm_http_reply_to_error (reply));
    return FALSE;
  }
  if (!vm_json_read (&json, data ? data : "", size, error)
      || !vm_json_get_string (
          &json, 0, "ticket", TICKET_MAX, &grant->ticket, error)
      || !read_host (&json, grant, reply->key_hash, error))
    return FALSE;
  if (grant->ticket) {
    read_ice_servers (&json, grant);
    return TRUE;
  }
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "The host's server gave no ticket");
  return FALSE;
}
