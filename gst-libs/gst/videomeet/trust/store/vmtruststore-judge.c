/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whether this device has to do with another, for who is not the one that
 * admits it to a meeting. */

#include "trust/store/decision.h"
#include "trust/store/vmtruststore-priv.h"

VmTrustFacts *
vm_trust_store_admit (VmTrustStore *self, const gchar *device_id,
    VmPolicy policy, VmPermissions permission, GDateTime *now,
    VmTrustLevel *level, GError **error)
{
  g_autoptr (VmTrustFacts) facts = NULL;
  VmTrustDecision decision;
  gboolean good;

  g_return_val_if_fail (VM_IS_TRUST_STORE (self), NULL);
  g_return_val_if_fail (device_id != NULL && now != NULL, NULL);
  g_return_val_if_fail (permission != VM_PERMISSIONS_NONE, NULL);

  facts = vm_trust_store_know (self, device_id, NULL, NULL, now);
  good = vm_trust_decide (
      policy, facts, permission, g_date_time_to_unix (now), &decision, error);
  if (level)
    *level = decision.level;
  return good ? g_steal_pointer (&facts) : NULL;
}
