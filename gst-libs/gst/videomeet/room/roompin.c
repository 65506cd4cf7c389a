/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The PIN of a meeting, and who may guess at it how often
 * (security.md#limits). */

#include "room/rooms-priv.h"

#include <string.h>

/* As long for a wrong PIN as for a right one. */
static gboolean
pin_equals (const gchar *a, const gchar *b)
{
  gsize size = strlen (b);
  guint differ = strlen (a) != size;

  for (gsize i = 0; a[i]; i++)
    differ |= (guint) (a[i] ^ b[i % (size + 1)]);
  return !differ;
}

/* Whoever is known waits for its own wrong PINs, and not for those of others
 * who come from its address. */
static gchar *
guess_as (const VmBearer *bearer, VmTrustLevel level, const gchar *group)
{
  return level == VM_TRUST_LEVEL_UNKNOWN
             ? g_strdup (group)
             : g_strconcat ("key ", bearer->key, NULL);
}

gboolean
vm_room_checks_pin (VmRoom *room, const VmBearer *bearer, VmTrustLevel level,
    const gchar *pin, const gchar *group, gint64 now, GError **error)
{
  VmPinGuard *guard = room->rooms->guard;
  VmWrongPins *wrong = &room->wrong[level];
  g_autofree gchar *who = NULL;

  if (!room->pin || !group)
    return TRUE;
  if (!pin) {
    g_set_error (error, VM_ERROR, VM_ERROR_WRONG_PIN,
        "The meeting is open only with its PIN");
    return FALSE;
  }
  if (now - wrong->since >= VM_PIN_WRONG_TIME)
    *wrong = (VmWrongPins){ now, 0 };
  if (wrong->n >= VM_PIN_WRONG_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
        "Too many wrong PINs for this meeting; try again in a minute");
    return FALSE;
  }
  who = guess_as (bearer, level, group);
  if (!vm_pin_guard_allows (guard, who, now, error))
    return FALSE;
  if (pin_equals (room->pin, pin)) {
    vm_pin_guard_right (guard, who);
    return TRUE;
  }
  vm_pin_guard_wrong (guard, who, now);
  wrong->n++;
  g_set_error (error, VM_ERROR, VM_ERROR_WRONG_PIN, "The PIN is wrong");
  return FALSE;
}
