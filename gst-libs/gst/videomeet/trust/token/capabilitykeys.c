/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The keys of a server, as an agent reads them (RFC 7517,
 * protocol/mesh.md#capabilities). */

#include "trust/token/capability.h"
#include "base/base64.h"
#include "base/json/json.h"

#include <string.h>

#define COORDINATE_SIZE 32 /* bytes */
#define TEXT_MAX 128 /* bytes of a member */

/* RFC 5480: SubjectPublicKeyInfo of P-256, up to the point. */
static const guint8 spki_head[VM_SPKI_SIZE - 2 * COORDINATE_SIZE] = { 0x30,
  0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
  0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
  0x04 };

static void
key_free (gpointer data)
{
  VmCapabilityKey *key = data;

  g_free (key->kid);
  g_bytes_unref (key->spki);
  g_free (key);
}

static gboolean
has_text (
    const VmJson *json, VmJsonNode node, const gchar *key, const gchar *text)
{
  g_autofree gchar *value = NULL;

  return vm_json_get_string (json, node, key, TEXT_MAX, &value, NULL)
         && g_strcmp0 (value, text) == 0;
}

static gboolean
read_coordinate (
    const VmJson *json, VmJsonNode node, const gchar *key, guint8 *data)
{
  g_autofree gchar *text = NULL;

  return vm_json_get_string (json, node, key, TEXT_MAX, &text, NULL) && text
         && vm_base64url_read (text, data, COORDINATE_SIZE);
}

static VmCapabilityKey *
read_key (const VmJson *json, VmJsonNode node)
{
  guint8 data[VM_SPKI_SIZE];
  g_autoptr (GBytes) spki = NULL;
  g_autoptr (EVP_PKEY) parsed = NULL;
  VmCapabilityKey *key;

  if (vm_json_type (json, node) != VM_JSON_OBJECT
      || !has_text (json, node, "kty", "EC")
      || !has_text (json, node, "crv", "P-256"))
    return NULL;
  memcpy (data, spki_head, sizeof spki_head);
  if (!read_coordinate (json, node, "x", data + sizeof spki_head)
      || !read_coordinate (
          json, node, "y", data + sizeof spki_head + COORDINATE_SIZE))
    return NULL;
  spki = g_bytes_new (data, sizeof data);
  parsed = vm_spki_to_key (spki, NULL);
  if (!parsed)
    return NULL;
  key = g_new0 (VmCapabilityKey, 1);
  key->spki = g_steal_pointer (&spki);
  vm_json_get_string (json, node, "kid", TEXT_MAX, &key->kid, NULL);
  return key;
}

GPtrArray *
vm_capability_read_keys (const gchar *text, gsize size, GError **error)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (key_free);
  VmJsonNode array;
  VmJson json;

  if (!vm_json_read (&json, text, size, error))
    return NULL;
  array = vm_json_get (&json, 0, "keys");
  if (array != VM_JSON_NONE && vm_json_type (&json, array) == VM_JSON_ARRAY
      && vm_json_length (&json, array) <= VM_CAPABILITY_KEYS_MAX) {
    for (VmJsonNode e = vm_json_first (&json, array); e != VM_JSON_NONE;
         e = vm_json_next (&json, e)) {
      VmCapabilityKey *key = read_key (&json, e);

      if (key)
        g_ptr_array_add (keys, key);
    }
  }
  if (keys->len)
    return g_steal_pointer (&keys);
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "The server's keys are no set of keys with one for capabilities");
  return NULL;
}

VmCapability *
vm_capability_read_by_keys (
    const gchar *token, const GPtrArray *keys, GError **error)
{
  g_autoptr (GError) last = NULL;

  for (guint i = 0; i < keys->len; i++) {
    const VmCapabilityKey *key = g_ptr_array_index (keys, i);
    VmCapability *capability;
    g_autofree gchar *id = vm_spki_to_device_id (key->spki);

    g_clear_error (&last);
    capability = vm_capability_read (token, key->spki, &last);
    if (capability && strcmp (capability->iss, id) == 0)
      return capability;
    g_clear_pointer (&capability, vm_capability_free);
    if (g_error_matches (last, VM_ERROR, VM_ERROR_CAP_REQUIRED)) {
      g_propagate_error (error, g_steal_pointer (&last));
      return NULL;
    }
  }
  return NULL;
}
