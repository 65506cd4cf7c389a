/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bridge/vmbridgeroster.h"
#include "plugin/plugin.h"

#include <string.h>

typedef struct
{
  gchar *id;
  VmBridgeRole role;
  gint64 quiet_since; /* 0: it is heard */
} Candidate;

struct _VmBridgeRoster
{
  gchar *id; /* NULL: not begun */
  VmBridgeRole role;
  gint64 begun;
  GPtrArray *others; /* Candidate */
};

static const gchar *const words[] = { "no", "able", "chosen" };

const gchar *
vm_bridge_role_to_word (VmBridgeRole role)
{
  return words[role];
}

VmBridgeRole
vm_bridge_role_from_word (const gchar *word)
{
  for (guint i = 0; i < G_N_ELEMENTS (words); i++) {
    if (g_strcmp0 (words[i], word) == 0)
      return i;
  }
  return VM_BRIDGE_ROLE_NO;
}

static void
candidate_free (gpointer data)
{
  g_free (((Candidate *) data)->id);
  g_free (data);
}

VmBridgeRoster *
vm_bridge_roster_new (void)
{
  VmBridgeRoster *self = g_new0 (VmBridgeRoster, 1);

  self->others = g_ptr_array_new_with_free_func (candidate_free);
  return self;
}

void
vm_bridge_roster_free (VmBridgeRoster *self)
{
  g_ptr_array_unref (self->others);
  g_free (self->id);
  g_free (self);
}

void
vm_bridge_roster_begin (VmBridgeRoster *self, const gchar *id, gint64 now)
{
  g_free (self->id);
  self->id = g_strdup (id);
  self->begun = now;
  g_ptr_array_set_size (self->others, 0);
}

void
vm_bridge_roster_set_own_role (VmBridgeRoster *self, VmBridgeRole role)
{
  self->role = role;
}

static Candidate *
find (VmBridgeRoster *self, const gchar *id)
{
  for (guint i = 0; i < self->others->len; i++) {
    Candidate *other = self->others->pdata[i];

    if (strcmp (other->id, id) == 0)
      return other;
  }
  return NULL;
}

void
vm_bridge_roster_add (VmBridgeRoster *self, const gchar *id)
{
  Candidate *other;

  if (find (self, id))
    return;
  other = g_new0 (Candidate, 1);
  other->id = g_strdup (id);
  g_ptr_array_add (self->others, other);
}

void
vm_bridge_roster_remove (VmBridgeRoster *self, const gchar *id)
{
  Candidate *other = find (self, id);

  if (other)
    g_ptr_array_remove (self->others, other);
}

void
vm_bridge_roster_set_role (
    VmBridgeRoster *self, const gchar *id, VmBridgeRole role)
{
  Candidate *other = find (self, id);

  if (other)
    other->role = role;
}

void
vm_bridge_roster_set_heartbeat (
    VmBridgeRoster *self, const gchar *id, gboolean beats, gint64 now)
{
  Candidate *other = find (self, id);

  if (!other)
    return;
  if (beats)
    other->quiet_since = 0;
  else if (!other->quiet_since)
    other->quiet_since = now;
}

static gboolean
is_lost (const Candidate *other, gint64 now)
{
  return other->quiet_since && now - other->quiet_since >= VM_BRIDGE_LOST_US;
}

static gboolean
comes_before (VmBridgeRoster *self, const Candidate *other)
{
  return other->role != self->role
             ? other->role > self->role
             : VM_PLUGIN (vm_participant_id_is_earlier) (other->id, self->id);
}

gboolean
vm_bridge_roster_is_bridge (VmBridgeRoster *self, gint64 now)
{
  if (!self->id || self->role == VM_BRIDGE_ROLE_NO
      || (self->others->len && now - self->begun < VM_BRIDGE_SETTLE_US))
    return FALSE;
  for (guint i = 0; i < self->others->len; i++) {
    const Candidate *other = self->others->pdata[i];

    if (other->role != VM_BRIDGE_ROLE_NO && !is_lost (other, now)
        && comes_before (self, other))
      return FALSE;
  }
  return TRUE;
}

gboolean
vm_bridge_roster_gives_way (VmBridgeRoster *self, gint64 lost_at, gint64 now)
{
  if (!lost_at || now - lost_at < VM_BRIDGE_AWAY_US)
    return FALSE;
  for (guint i = 0; i < self->others->len; i++) {
    const Candidate *other = self->others->pdata[i];

    if (other->role != VM_BRIDGE_ROLE_NO && !is_lost (other, now))
      return TRUE;
  }
  return FALSE;
}

gboolean
vm_bridge_is_gathered (gint64 waited, gboolean sound, gboolean picture)
{
  gint64 ms = sound && picture ? VM_BRIDGE_GATHER_MS : VM_BRIDGE_GATHER_MAX_MS;

  return waited >= ms * G_TIME_SPAN_MILLISECOND;
}
