/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/cluster/clusterrecord.h>

/* Whatever is done to a record that was read, others can read. */
static void
check (const VmClusterRecord *record)
{
  g_autoptr (GBytes) bytes = vm_cluster_record_write (record);
  g_autoptr (GBytes) again = NULL;
  g_autoptr (VmClusterRecord) read = NULL;
  g_autoptr (GError) error = NULL;

  read = vm_cluster_record_read (bytes, &error);
  g_assert_no_error (error);
  again = vm_cluster_record_write (read);
  g_assert_true (g_bytes_equal (bytes, again));
  g_assert_cmpuint (read->participants->len, ==, record->participants->len);
}

void
fuzz_one (const guint8 *data, gsize size)
{
  const VmClusterParticipant one = { .node = (gchar *) "fuzz",
    .epoch = G_MAXUINT,
    .user = (gchar *) "ann",
    .device_id = (gchar *) "id",
    .key = (gchar *) "key",
    .call_type = VM_CALL_TYPE_VIDEO };
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (VmClusterRecord) record = vm_cluster_record_read (bytes, &error);

  g_assert_true (!record == !!error);
  if (!record)
    return;
  check (record);
  if (vm_cluster_record_find (record, one.node, one.epoch))
    return;
  vm_cluster_record_seat (record, &one, NULL);
  check (record);
  if (vm_cluster_record_find (record, one.node, one.epoch))
    return;
  vm_cluster_record_resume (record, &one, "token", NULL);
  check (record);
}
