/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whether this device has to do with another, for who is not the one that
 * admits it to a meeting. */

#include "trust/store/decision.h"
#include "trust/store/vmtruststore-priv.h"

/**
 * vm_trust_store_admit:
 * @self: a #VmTrustStore
 * @device_id: the device
 * @policy: whom this device meets with
 * @permission: one or more, all of which it must have
 * @now: the time
 * @level: (out) (optional): how it is shown, admitted or not
 * @error: #VM_ERROR_NOT_TRUSTED and #VM_ERROR_KEY_CHANGED, in words for people
 *
 * Whether a device may do something by what the store knows of it at @now.
 * Blocks for the disk; any thread.
 *
 * Returns: (transfer full): the facts of the device that may, or %NULL with
 *   @error
 *
 * Since: 0.1
 */
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
