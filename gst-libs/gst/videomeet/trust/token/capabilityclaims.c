/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The claims of a capability, as JSON (RFC 7519 §4;
 * protocol/mesh.md#capabilities). */

#include "trust/token/capability.h"
#include "base/json/json.h"

#include <string.h>

static const gchar *const names[VM_CAPS_N] = { "call", "screen", "share:file",
  "share:folder", "terminal:view", "terminal:control" };

const gchar *
vm_cap_to_string (VmCaps cap)
{
  for (guint i = 0; i < VM_CAPS_N; i++) {
    if (cap == 1u << i)
      return names[i];
  }
  return NULL;
}

VmCaps
vm_cap_from_string (const gchar *name)
{
  for (guint i = 0; name && i < VM_CAPS_N; i++) {
    if (strcmp (names[i], name) == 0)
      return 1 << i;
  }
  return 0;
}

VmCapability *
vm_capability_new (void)
{
  VmCapability *capability = g_new0 (VmCapability, 1);

  capability->max_size = capability->max_rate = -1;
  return capability;
}

void
vm_capability_free (VmCapability *capability)
{
  g_free (capability->iss);
  g_free (capability->sub);
  g_free (capability->room_id);
  g_free (capability->jti);
  g_free (capability->target_peer_id);
  g_free (capability->target_device_id);
  g_free (capability);
}

/* Writing */

static void
append_caps (GString *out, VmCaps caps)
{
  gboolean more = FALSE;

  vm_json_append_key (out, "caps");
  g_string_append_c (out, '[');
  for (guint i = 0; i < VM_CAPS_N; i++) {
    if (!(caps & 1u << i))
      continue;
    if (more)
      g_string_append_c (out, ',');
    vm_json_append_string (out, names[i]);
    more = TRUE;
  }
  g_string_append_c (out, ']');
}

gchar *
vm_capability_to_claims (const VmCapability *capability)
{
  GString *out = g_string_new ("{");

  vm_json_append_member (out, "iss", capability->iss);
  vm_json_append_member (out, "sub", capability->sub);
  vm_json_append_member (out, "aud", capability->room_id);
  vm_json_append_member (out, "room_id", capability->room_id);
  append_caps (out, capability->caps);
  vm_json_append_int (out, "iat", capability->iat);
  vm_json_append_int (out, "nbf", capability->nbf);
  vm_json_append_int (out, "exp", capability->exp);
  vm_json_append_member (out, "jti", capability->jti);
  vm_json_append_member (out, "target_peer_id", capability->target_peer_id);
  vm_json_append_member (out, "target_device_id", capability->target_device_id);
  if (capability->max_size >= 0)
    vm_json_append_int (out, "max_size", capability->max_size);
  if (capability->max_rate >= 0)
    vm_json_append_int (out, "max_rate", capability->max_rate);
  g_string_append_c (out, '}');
  return g_string_free (out, FALSE);
}

/* Reading */

#define TIME_MAX ((G_GINT64_CONSTANT (1) << 53) - 1) /* JavaScript's */

static gboolean
read_text (const VmJson *json, const gchar *key, gchar **value)
{
  return vm_json_get_string (json, 0, key, VM_CAPABILITY_TEXT_MAX, value, NULL)
         && (!*value || vm_text_is_name (*value, VM_CAPABILITY_TEXT_MAX));
}

static gboolean
has_text (const VmJson *json, const gchar *key, gchar **value)
{
  return read_text (json, key, value) && *value && **value;
}

static gboolean
has_time (const VmJson *json, const gchar *key, gint64 *value)
{
  *value = -1;
  return vm_json_get_int (json, 0, key, 0, TIME_MAX, value, NULL)
         && *value >= 0;
}

/* A cap that is not known here is none: a newer server may have more. */
static gboolean
has_caps (const VmJson *json, VmCaps *caps)
{
  VmJsonNode array = vm_json_get (json, 0, "caps");

  if (array == VM_JSON_NONE || vm_json_type (json, array) != VM_JSON_ARRAY)
    return FALSE;
  for (VmJsonNode e = vm_json_first (json, array); e != VM_JSON_NONE;
       e = vm_json_next (json, e)) {
    g_autofree gchar *name = vm_span_to_string (vm_json_span (json, e));

    *caps |= vm_cap_from_string (name);
  }
  return TRUE;
}

static gboolean
read_claims (const VmJson *json, VmCapability *c)
{
  g_autofree gchar *audience = NULL;

  return has_text (json, "iss", &c->iss) && has_text (json, "sub", &c->sub)
         && has_text (json, "aud", &audience)
         && has_text (json, "room_id", &c->room_id)
         && strcmp (audience, c->room_id) == 0 && has_caps (json, &c->caps)
         && has_time (json, "iat", &c->iat) && has_time (json, "nbf", &c->nbf)
         && has_time (json, "exp", &c->exp) && has_text (json, "jti", &c->jti)
         && read_text (json, "target_peer_id", &c->target_peer_id)
         && read_text (json, "target_device_id", &c->target_device_id)
         && vm_json_get_int (
             json, 0, "max_size", 0, TIME_MAX, &c->max_size, NULL)
         && vm_json_get_int (
             json, 0, "max_rate", 0, TIME_MAX, &c->max_rate, NULL);
}

VmCapability *
vm_capability_from_claims (const gchar *text, gsize size, GError **error)
{
  g_autoptr (VmCapability) capability = vm_capability_new ();
  VmJson json;

  if (vm_json_read (&json, text, size, NULL)
      && vm_json_type (&json, 0) == VM_JSON_OBJECT
      && read_claims (&json, capability))
    return g_steal_pointer (&capability);
  g_set_error (error, VM_ERROR, VM_ERROR_CAP_INVALID,
      "The capability lacks a claim, or has one of another type");
  return NULL;
}
