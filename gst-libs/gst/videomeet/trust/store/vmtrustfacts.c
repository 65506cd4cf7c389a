/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:vmtrustfacts
 * @title: VmTrustFacts
 * @short_description: what is known of a device
 *
 * What a #VmTrustStore knows of one device at one time, and what tokens that
 * came with messages add to it. A record of facts; the decision is another
 * thing.
 */

#include <gst/videomeet/vmtrustfacts.h>
#include "trust/store/vmtrustfacts-priv.h"

#include <string.h>

G_DEFINE_BOXED_TYPE (
    VmTrustFacts, vm_trust_facts, vm_trust_facts_copy, vm_trust_facts_free)

/*
 * vm_trust_facts_new:
 * @device_id: (nullable): the device, %NULL for one that shows no key
 *
 * Returns: (transfer full): that nothing is known of it
 *
 * Since: 0.1
 */
VmTrustFacts *
vm_trust_facts_new (const gchar *device_id)
{
  VmTrustFacts *facts = g_new0 (VmTrustFacts, 1);

  facts->device_id = g_strdup (device_id);
  return facts;
}

/*
 * vm_trust_facts_copy:
 * @facts: a #VmTrustFacts
 *
 * Returns: (transfer full): a copy
 *
 * Since: 0.1
 */
VmTrustFacts *
vm_trust_facts_copy (const VmTrustFacts *facts)
{
  VmTrustFacts *copy = g_memdup2 (facts, sizeof *facts);

  copy->device_id = g_strdup (facts->device_id);
  copy->user = g_strdup (facts->user);
  copy->device = g_strdup (facts->device);
  copy->changed_id = g_strdup (facts->changed_id);
  copy->changed_user = g_strdup (facts->changed_user);
  copy->changed_device = g_strdup (facts->changed_device);
  copy->given_token = g_strdup (facts->given_token);
  copy->voucher = g_strdup (facts->voucher);
  copy->damaged_id = g_strdup (facts->damaged_id);
  if (facts->first_seen)
    g_date_time_ref (facts->first_seen);
  if (facts->changed_seen)
    g_date_time_ref (facts->changed_seen);
  if (facts->spki)
    g_bytes_ref (facts->spki);
  return copy;
}

/**
 * vm_trust_facts_free:
 * @facts: (transfer full) (nullable): a #VmTrustFacts
 *
 * Frees it.
 *
 * Since: 0.1
 */
void
vm_trust_facts_free (VmTrustFacts *facts)
{
  if (!facts)
    return;
  g_free (facts->device_id);
  g_free (facts->user);
  g_free (facts->device);
  g_free (facts->changed_id);
  g_free (facts->changed_user);
  g_free (facts->changed_device);
  g_free (facts->given_token);
  g_free (facts->voucher);
  g_free (facts->damaged_id);
  g_clear_pointer (&facts->first_seen, g_date_time_unref);
  g_clear_pointer (&facts->changed_seen, g_date_time_unref);
  g_clear_pointer (&facts->spki, g_bytes_unref);
  g_free (facts);
}

/* As people and other programs write them; the nicks of the type have a dash
 * instead of the colon, which introspection cannot bear. By bit. */
static const gchar *const names[] = { "call", "file", "folder", "terminal:view",
  "terminal:control", "introducer" };

G_STATIC_ASSERT (1 << G_N_ELEMENTS (names) == VM_PERMISSIONS_ALL + 1);

/**
 * vm_permissions_to_string:
 * @permissions: any of them
 *
 * Pure: any thread.
 *
 * Returns: (transfer full): their names with commas between, such as
 *   `call,terminal:view`; empty for none
 *
 * Since: 0.1
 */
gchar *
vm_permissions_to_string (VmPermissions permissions)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (permissions & 1 << i)
      g_string_append_printf (text, "%s%s", text->len ? "," : "", names[i]);
  return g_string_free (text, FALSE);
}

/**
 * vm_permissions_from_string:
 * @text: names with commas between, as of vm_permissions_to_string()
 * @permissions: (out): what they mean
 *
 * Pure: any thread.
 *
 * Returns: whether each of them is the name of a permission
 *
 * Since: 0.1
 */
gboolean
vm_permissions_from_string (const gchar *text, VmPermissions *permissions)
{
  VmPermissions found = VM_PERMISSIONS_NONE;

  g_return_val_if_fail (text != NULL, FALSE);
  g_return_val_if_fail (permissions != NULL, FALSE);

  *permissions = VM_PERMISSIONS_NONE;
  while (*text) {
    gsize size = strcspn (text, ",");
    guint i = 0;

    while (
        i < G_N_ELEMENTS (names)
        && (strlen (names[i]) != size || strncmp (names[i], text, size) != 0))
      i++;
    if (i == G_N_ELEMENTS (names) || (text[size] && !text[size + 1]))
      return FALSE;
    found |= 1 << i;
    text += size + (text[size] == ',');
  }
  *permissions = found;
  return TRUE;
}
