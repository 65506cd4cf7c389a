/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Capabilities: those that an agent asks its server for, and those that others
 * show (protocol/mesh.md#capabilities). */

#include "agent/agentcontrol-priv.h"

#define CAPABILITY_TTL 120 /* s */
/* A set of keys that lacks the key of a capability is not fetched anew before:
 * a stranger's capability is no reason to ask again and again. */
#define KEYS_TIME (5 * G_USEC_PER_SEC)

typedef struct
{
  VmAgentControl *control;
  gchar *token;
  union
  {
    VmAgentTokenFunc token;
    VmAgentClaimsFunc claims;
  } func;
  gpointer user_data;
} Ask;

static void
ask_free (Ask *ask)
{
  vm_agent_control_unref (ask->control);
  g_free (ask->token);
  g_free (ask);
}

/* A caller that waits for an answer is told of the end, and frees what it keeps
 * for the answer. */
static void
check_freed (VmAgentControl *self, GError **error)
{
  if (self->freed && !*error)
    g_set_error (error, VM_ERROR, VM_ERROR_CANCELLED,
        "The server is not asked any more");
}

static void
on_minted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Ask *ask = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (VmHttpReply) reply =
      vm_http_client_send_finish (VM_HTTP_CLIENT (source), result, &error);
  g_autofree gchar *token = NULL;
  VmJson json;

  if (reply && vm_agent_control_read_reply (reply, &json, &error)
      && vm_json_get_string (
          &json, 0, "cap_token", VM_CAPABILITY_SIZE_MAX, &token, &error)
      && !token)
    g_set_error (&error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The server gives no capability");
  check_freed (ask->control, &error);
  ask->func.token (error ? NULL : token, error, ask->user_data);
  ask_free (ask);
}

static void
mint (VmAgentControl *self, const gchar *cap, const gchar *target,
    const gchar *for_peer, VmAgentTokenFunc func, gpointer user_data)
{
  g_autofree gchar *escaped = g_uri_escape_string (self->room, NULL, FALSE);
  g_autofree gchar *path =
      g_strdup_printf ("/v2/rooms/%s/capabilities", escaped);
  GString *body = vm_agent_control_begin_body ("target_device_id", target);
  Ask *ask = g_new0 (Ask, 1);

  vm_json_append_member (body, "for_peer_id", for_peer);
  vm_json_append_int (body, "ttl", CAPABILITY_TTL);
  vm_json_append_key (body, "caps");
  g_string_append_printf (body, "[\"%s\"]", cap);
  ask->control = vm_agent_control_ref (self);
  ask->func.token = func;
  ask->user_data = user_data;
  vm_agent_control_send_http (self, "POST", path, body, NULL, on_minted, ask);
}

void
vm_agent_control_mint (VmAgentControl *self, VmMeshKind kind,
    const gchar *target, VmAgentTokenFunc func, gpointer user_data)
{
  static const gchar *const caps[VM_MESH_N_KINDS] = { "share:file",
    "share:folder", "terminal:view" };

  mint (self, caps[kind], target, NULL, func, user_data);
}

void
vm_agent_control_mint_control (VmAgentControl *self, const gchar *own,
    const gchar *for_peer, VmAgentTokenFunc func, gpointer user_data)
{
  mint (self, "terminal:control", own, for_peer, func, user_data);
}

static VmCapability *
read_claims (VmAgentControl *self, const gchar *token, GError **error)
{
  return self->keys ? vm_capability_read_by_keys (token, self->keys, error)
                    : NULL;
}

static void
on_keys (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Ask *ask = user_data;
  VmAgentControl *self = ask->control;
  g_autoptr (GError) error = NULL;
  g_autoptr (VmHttpReply) reply =
      vm_http_client_send_finish (VM_HTTP_CLIENT (source), result, &error);
  g_autoptr (VmCapability) capability = NULL;
  GPtrArray *keys = NULL;
  gsize size;
  VmJson json;

  if (reply && vm_agent_control_read_reply (reply, &json, &error)) {
    const gchar *data = g_bytes_get_data (reply->body, &size);

    keys = vm_capability_read_keys (data, size, &error);
  }
  if (keys) {
    g_clear_pointer (&self->keys, g_ptr_array_unref);
    self->keys = keys;
    self->keys_at = g_get_monotonic_time ();
    capability = read_claims (self, ask->token, &error);
    if (!capability && !error)
      g_set_error (&error, VM_ERROR, VM_ERROR_CAP_INVALID,
          "The capability is not signed by this server");
  }
  check_freed (self, &error);
  ask->func.claims (error ? NULL : capability, error, ask->user_data);
  ask_free (ask);
}

void
vm_agent_control_verify (VmAgentControl *self, const gchar *token,
    VmAgentClaimsFunc func, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmCapability) capability = NULL;
  Ask *ask;

  if (!token || !*token)
    g_set_error (&error, VM_ERROR, VM_ERROR_CAP_REQUIRED,
        "The session has no capability");
  else
    capability = read_claims (self, token, &error);
  if (!capability && !error && self->keys
      && g_get_monotonic_time () - self->keys_at < KEYS_TIME)
    g_set_error (&error, VM_ERROR, VM_ERROR_CAP_INVALID,
        "The capability is not signed by this server");
  if (capability || error) {
    func (capability, error, user_data);
    return;
  }
  ask = g_new0 (Ask, 1);
  ask->control = vm_agent_control_ref (self);
  ask->token = g_strdup (token);
  ask->func.claims = func;
  ask->user_data = user_data;
  vm_agent_control_send_http (
      self, "GET", "/v2/keys", NULL, NULL, on_keys, ask);
}
