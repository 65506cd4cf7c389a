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

#include "vmtrustfacts.h"

G_DEFINE_BOXED_TYPE (
    VmTrustFacts, vm_trust_facts, vm_trust_facts_copy, vm_trust_facts_free)

/**
 * vm_trust_facts_new:
 * @device_id: (nullable): the device, %NULL for one that shows no key
 *
 * Returns: (transfer full): that nothing is known of it
 */
VmTrustFacts *
vm_trust_facts_new (const gchar *device_id)
{
  VmTrustFacts *facts = g_new0 (VmTrustFacts, 1);

  facts->device_id = g_strdup (device_id);
  return facts;
}

/**
 * vm_trust_facts_copy:
 * @facts: a #VmTrustFacts
 *
 * Returns: (transfer full): a copy
 */
VmTrustFacts *
vm_trust_facts_copy (const VmTrustFacts *facts)
{
  VmTrustFacts *copy = g_memdup2 (facts, sizeof *facts);

  copy->device_id = g_strdup (facts->device_id);
  copy->user = g_strdup (facts->user);
  copy->device = g_strdup (facts->device);
  copy->changed_id = g_strdup (facts->changed_id);
  copy->voucher = g_strdup (facts->voucher);
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
  g_free (facts->voucher);
  g_clear_pointer (&facts->first_seen, g_date_time_unref);
  g_clear_pointer (&facts->changed_seen, g_date_time_unref);
  g_clear_pointer (&facts->spki, g_bytes_unref);
  g_free (facts);
}
