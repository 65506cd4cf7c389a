/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who has the places of a receiver where more offer files than it takes: each
 * address its share, and known devices before strangers. */

#include "program.h"

#include <gst/videomeet/transfer/objects/vmfilereceiver-priv.h>
#include <glib/gstdio.h>
#include <string.h>

static VmFileReceiver *receiver;
static gchar *folder;
static GMutex lock; /* of what follows, which the receiver's thread changes */
static GHashTable *states; /* transfer → nick of its state */

static void
on_changed (
    VmFileReceiver *self, const GstStructure *transfer, gpointer user_data)
{
  VmTransferState state = VM_TRANSFER_STATE_PENDING;

  gst_structure_get (transfer, "state", VM_TYPE_TRANSFER_STATE, &state, NULL);
  g_mutex_lock (&lock);
  g_hash_table_replace (states,
      g_strdup (gst_structure_get_string (transfer, "transferId")),
      GUINT_TO_POINTER (state));
  g_mutex_unlock (&lock);
}

static void
setup (void)
{
  g_autoptr (GError) error = NULL;

  folder = g_dir_make_tmp ("vm-places-XXXXXX", NULL);
  states = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  receiver = vm_file_receiver_new (folder);
  g_object_set (receiver, "accept", VM_ACCEPT_ASK, NULL);
  g_signal_connect (receiver, "changed", G_CALLBACK (on_changed), NULL);
  fail_unless (vm_file_receiver_start (receiver, &error));
}

static void
teardown (void)
{
  vm_file_receiver_stop (receiver);
  g_clear_object (&receiver);
  g_rmdir (folder);
  g_clear_pointer (&folder, g_free);
  g_clear_pointer (&states, g_hash_table_unref);
}

/* Each of a device of its own, which is called as the transfer. */
static void
offer (const gchar *id, const gchar *group, gboolean known)
{
  VmTransferMessage *message =
      vm_transfer_message_new (VM_TRANSFER_FILE_OFFER, id);

  message->filename = g_strdup (id);
  message->size = 9;
  message->encodings = VM_TRANSFER_ENCODING_JSON;
  fail_unless (vm_file_receiver_push (receiver, message, id, group, known));
  fail_unless (vm_file_receiver_drain (receiver));
}

static void
offer_all (const gchar *name, const gchar *group, guint count)
{
  for (guint i = 1; i <= count; i++) {
    g_autofree gchar *id = g_strdup_printf ("%s-%u", name, i);

    offer (id, group, FALSE);
  }
}

static gboolean
has_place (const gchar *id)
{
  gpointer state;
  gboolean has;

  g_mutex_lock (&lock);
  has = g_hash_table_lookup_extended (states, id, NULL, &state)
        && GPOINTER_TO_UINT (state) == VM_TRANSFER_STATE_PENDING;
  g_mutex_unlock (&lock);
  return has;
}

static guint
count_places (const gchar *name)
{
  guint count = 0;

  for (guint i = 1; i <= VM_FILE_TRANSFERS_MAX + 2; i++) {
    g_autofree gchar *id = g_strdup_printf ("%s-%u", name, i);

    count += has_place (id);
  }
  return count;
}

/* Whatever keys they show; who is known there is not kept out by them. */
GST_START_TEST (test_share_of_an_address)
{
  const guint share = VM_FILE_TRANSFERS_PER_ADDRESS_MAX;

  for (guint i = share - 1; i <= share + 1; i++) {
    offer_all ("eve", "192.0.2.1", i);
    fail_unless_equals_int (count_places ("eve"), MIN (i, share));
  }
  offer ("ann", "192.0.2.1", TRUE);
  fail_unless (has_place ("ann"));
  offer ("bob", "192.0.2.2", FALSE);
  fail_unless (has_place ("bob"));
  fail_unless_equals_int (count_places ("eve"), share);
}

GST_END_TEST;

/* Those whose connection is gone hold no place that their address needs. */
GST_START_TEST (test_who_is_gone_gives_way)
{
  const guint share = VM_FILE_TRANSFERS_PER_ADDRESS_MAX;

  offer_all ("eve", "192.0.2.1", share);
  vm_file_receiver_set_lost (receiver, "eve-7", "eve-7", TRUE);
  fail_unless (vm_file_receiver_drain (receiver));
  offer ("bob", "192.0.2.1", FALSE);
  fail_unless (has_place ("bob"));
  fail_if (has_place ("eve-7"));
  fail_unless_equals_int (count_places ("eve"), share - 1);
  offer ("carl", "192.0.2.1", FALSE);
  fail_if (has_place ("carl"));
}

GST_END_TEST;

GST_START_TEST (test_known_devices_displace_strangers)
{
  offer_all ("eve", "192.0.2.1", VM_FILE_TRANSFERS_MAX / 2);
  offer_all ("mal", "192.0.2.2", VM_FILE_TRANSFERS_MAX / 2 - 1);
  fail_unless_equals_int (
      count_places ("eve") + count_places ("mal"), VM_FILE_TRANSFERS_MAX - 1);
  offer ("ann", "192.0.2.3", TRUE);
  fail_unless (has_place ("ann"));
  fail_unless_equals_int (count_places ("eve"), VM_FILE_TRANSFERS_MAX / 2);
  /* of the address that has most, the last that came */
  offer ("bob", "192.0.2.3", TRUE);
  fail_unless (has_place ("bob"));
  fail_unless_equals_int (count_places ("eve"), VM_FILE_TRANSFERS_MAX / 2 - 1);
  fail_if (has_place ("eve-32"));
  /* a stranger, too, as long as its address has fewer */
  offer ("dora", "192.0.2.4", FALSE);
  fail_unless (has_place ("dora"));
  fail_unless_equals_int (
      count_places ("eve") + count_places ("mal"), VM_FILE_TRANSFERS_MAX - 3);
  /* and who is known is displaced by nobody */
  fail_unless (has_place ("ann") && has_place ("bob"));
}

GST_END_TEST;

GST_START_TEST (test_places_of_known_devices_alone)
{
  for (guint i = 1; i <= VM_FILE_TRANSFERS_MAX; i++) {
    g_autofree gchar *id = g_strdup_printf ("ann-%u", i);

    offer (id, "192.0.2.1", TRUE);
  }
  fail_unless_equals_int (count_places ("ann"), VM_FILE_TRANSFERS_MAX);
  offer ("eve", "192.0.2.2", FALSE);
  offer ("bob", "192.0.2.2", TRUE);
  fail_if (has_place ("eve") || has_place ("bob"));
  fail_unless_equals_int (count_places ("ann"), VM_FILE_TRANSFERS_MAX);
}

GST_END_TEST;

static Suite *
fileplaces_suite (void)
{
  Suite *s = suite_create ("fileplaces");
  TCase *tc = tcase_create ("places");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_share_of_an_address);
  tcase_add_test (tc, test_who_is_gone_gives_way);
  tcase_add_test (tc, test_known_devices_displace_strangers);
  tcase_add_test (tc, test_places_of_known_devices_alone);
  return s;
}

CHECK_PROGRAM (fileplaces)
