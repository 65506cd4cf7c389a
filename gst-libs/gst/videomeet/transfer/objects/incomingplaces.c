/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who has the places of a receiver, of which there are VM_FILE_TRANSFERS_MAX.
 */

#include "transfer/objects/incomingfile.h"

gboolean
vm_incoming_file_is_of (const VmIncomingFile *file, const gchar *from)
{
  return g_strcmp0 (vm_incoming_get_from (file->incoming), from) == 0;
}

static gboolean
is_stranger (const VmIncomingFile *file)
{
  return !file->known && !vm_incoming_is_over (file->incoming);
}

/* Where no address is told, each sender is counted for itself. */
static const gchar *
group_of (const VmIncomingFile *file)
{
  return file->group ? file->group : vm_incoming_get_from (file->incoming);
}

/* Places that strangers at @group have. */
static guint
count_group (VmFileReceiver *self, const gchar *group)
{
  guint count = 0;

  for (guint i = 0; i < self->transfers->len; i++) {
    const VmIncomingFile *file = g_ptr_array_index (self->transfers, i);

    count += is_stranger (file) && g_strcmp0 (group_of (file), group) == 0;
  }
  return count;
}

static guint
count_sender (VmFileReceiver *self, const gchar *from)
{
  guint count = 0;

  for (guint i = 0; i < self->transfers->len; i++) {
    const VmIncomingFile *file = g_ptr_array_index (self->transfers, i);

    count += !vm_incoming_is_over (file->incoming)
             && vm_incoming_file_is_of (file, from);
  }
  return count;
}

static void
forget_over (VmFileReceiver *self, gint64 now)
{
  for (guint i = 0; i < self->transfers->len;) {
    const VmIncomingFile *file = g_ptr_array_index (self->transfers, i);
    gint64 age = file->over_at ? now - file->over_at : 0;

    if (age > VM_FILE_RECEIVER_MEMORY
        || (file->over_at && self->transfers->len >= VM_FILE_TRANSFERS_MAX))
      g_ptr_array_remove_index (self->transfers, i);
    else
      i++;
  }
}

/* The stranger's that goes first, of those at @only, or of all whose address
 * has more than @least: where most is, the one whose sender has no connection,
 * or the last that came. */
static VmIncomingFile *
choose (VmFileReceiver *self, const gchar *only, guint least)
{
  VmIncomingFile *chosen = NULL;
  gboolean chosen_lost = FALSE;
  guint most = least;

  for (guint i = self->transfers->len; i-- > 0;) {
    VmIncomingFile *file = g_ptr_array_index (self->transfers, i);
    gboolean lost =
        vm_receiver_is_lost (vm_incoming_get_engine (file->incoming));
    guint count;

    if (!is_stranger (file) || vm_incoming_is_busy (file->incoming)
        || (only && (!lost || g_strcmp0 (group_of (file), only) != 0)))
      continue;
    count = count_group (self, group_of (file));
    if (count <= most && !(chosen && count == most && lost && !chosen_lost))
      continue;
    chosen = file;
    chosen_lost = lost;
    most = count;
  }
  return chosen;
}

static void
displace (VmFileReceiver *self, VmIncomingFile *file)
{
  g_autoptr (GError) why = g_error_new_literal (VM_ERROR, VM_ERROR_RATE_LIMITED,
      "Others need the place that it had; send it again later");

  vm_receiver_give_way (vm_incoming_get_engine (file->incoming), why);
  vm_incoming_file_run (self, file);
  /* what it is told has a place no longer */
  if (file->over_at)
    g_ptr_array_remove (self->transfers, file);
}

gboolean
vm_incoming_file_make_place (
    VmFileReceiver *self, const VmReceiverItem *item, gint64 now)
{
  const gchar *group = item->group ? item->group : item->from;
  guint own = item->known ? 0 : count_group (self, group);
  VmIncomingFile *other = NULL;

  forget_over (self, now);
  if (count_sender (self, item->from) >= VM_FILE_TRANSFERS_PER_SENDER_MAX)
    return FALSE;
  if (!item->known && own >= VM_FILE_TRANSFERS_PER_ADDRESS_MAX) {
    other = choose (self, group, 0);
    if (!other)
      return FALSE;
  } else if (self->transfers->len >= VM_FILE_TRANSFERS_MAX) {
    other = choose (self, NULL, item->known ? 0 : own + 1);
  }
  if (other)
    displace (self, other);
  return self->transfers->len < VM_FILE_TRANSFERS_MAX;
}
