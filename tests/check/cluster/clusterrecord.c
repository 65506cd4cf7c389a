/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the servers of a cluster share of one room:
 * protocol/cluster.md#records. */

#include "program.h"

#include <gst/videomeet/cluster/clusterrecord.h>
#include <string.h>

static VmClusterParticipant
one_at (const gchar *node, guint epoch, const gchar *user, const gchar *key)
{
  return (VmClusterParticipant){ .node = (gchar *) node,
    .epoch = epoch,
    .user = (gchar *) user,
    .device_id = key ? (gchar *) user : NULL,
    .key = (gchar *) key,
    .call_type = VM_CALL_TYPE_VIDEO };
}

/* The id that it got, or the code of what is wrong. */
static const gchar *
seat (VmClusterRecord *record, const VmClusterParticipant *one)
{
  g_autoptr (GError) error = NULL;
  const VmClusterParticipant *seated =
      vm_cluster_record_seat (record, one, &error);

  fail_unless (!seated == !!error);
  return seated ? seated->id : vm_error_get_code (error);
}

static gint
code_of (gconstpointer data, gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (VmClusterRecord) record = vm_cluster_record_read (bytes, &error);

  fail_unless (!record == !!error);
  return error ? error->code : -1;
}

static gint
code_of_record (const VmClusterRecord *record)
{
  g_autoptr (GBytes) bytes = vm_cluster_record_write (record);
  gsize size;
  gconstpointer data = g_bytes_get_data (bytes, &size);

  return code_of (data, size);
}

GST_START_TEST (test_written_and_read)
{
  g_autoptr (VmClusterRecord) record =
      vm_cluster_record_new ("Stand-up *.>", "uuid", 4);
  g_autoptr (VmClusterRecord) read = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GBytes) again = NULL;
  g_autoptr (GError) error = NULL;
  VmClusterParticipant ann = one_at ("n1", 7, "Änn", "key-of-ann");
  const VmClusterParticipant bob = one_at ("n2", 1, "bob", NULL);
  const VmClusterParticipant *found;

  ann.device = (gchar *) "phone";
  ann.resume = (gchar *) "token";
  ann.call_type = VM_CALL_TYPE_AUDIO;
  fail_unless_equals_string (seat (record, &ann), "p001");
  fail_unless_equals_string (seat (record, &bob), "p002");
  bytes = vm_cluster_record_write (record);
  read = vm_cluster_record_read (bytes, &error);
  g_assert_no_error (error);
  fail_unless_equals_string (read->name, "Stand-up *.>");
  fail_unless_equals_string (read->id, "uuid");
  fail_unless_equals_int (read->size, 4);
  fail_unless_equals_int (read->joined, 2);
  found = vm_cluster_record_find (read, "n1", 7);
  fail_unless (found);
  fail_unless_equals_string (found->id, "p001");
  fail_unless_equals_string (found->user, "Änn");
  fail_unless_equals_string (found->device, "phone");
  fail_unless_equals_string (found->device_id, "Änn");
  fail_unless_equals_string (found->key, "key-of-ann");
  fail_unless_equals_string (found->resume, "token");
  fail_unless_equals_int (found->call_type, VM_CALL_TYPE_AUDIO);
  fail_unless (vm_cluster_record_find (read, "n2", 1));
  fail_if (vm_cluster_record_find (read, "n2", 7));
  again = vm_cluster_record_write (read);
  fail_unless (g_bytes_equal (bytes, again));
}

GST_END_TEST;

/* Each is refused, or is another whole record; none is worse. */
GST_START_TEST (test_damaged)
{
  g_autoptr (VmClusterRecord) record =
      vm_cluster_record_new ("room", "uuid", 3);
  const VmClusterParticipant ann = one_at ("n1", 1, "ann", "key");
  g_autoptr (GBytes) bytes = NULL;
  g_autofree guint8 *copy = NULL;
  gsize size;

  seat (record, &ann);
  bytes = vm_cluster_record_write (record);
  copy = g_memdup2 (g_bytes_get_data (bytes, &size), g_bytes_get_size (bytes));
  fail_unless_equals_int (code_of (copy, size), -1);
  for (gsize i = 0; i < size; i++)
    fail_unless_equals_int (code_of (copy, i), VM_ERROR_BAD_MESSAGE);
  for (gsize i = 0; i < 8 * size; i++) {
    gint code;

    copy[i / 8] ^= 1 << i % 8;
    code = code_of (copy, size);
    fail_unless (code == -1 || code == VM_ERROR_BAD_MESSAGE);
    copy[i / 8] ^= 1 << i % 8;
  }
  copy[0] = 'W';
  fail_unless_equals_int (code_of (copy, size), VM_ERROR_BAD_MESSAGE);
}

GST_END_TEST;

GST_START_TEST (test_too_large)
{
  g_autofree gchar *much = g_malloc0 (VM_CLUSTER_RECORD_MAX + 1);

  fail_unless_equals_int (
      code_of (much, VM_CLUSTER_RECORD_MAX), VM_ERROR_BAD_MESSAGE);
  fail_unless_equals_int (
      code_of (much, VM_CLUSTER_RECORD_MAX + 1), VM_ERROR_TOO_LARGE);
}

GST_END_TEST;

/* The longest names that there are, in every seat. */
GST_START_TEST (test_fullest)
{
  g_autofree gchar *name = g_strnfill (VM_NAME_MAX, 'x');
  g_autofree gchar *node = g_strnfill (VM_CLUSTER_NODE_MAX, 'n');
  g_autoptr (VmClusterRecord) record =
      vm_cluster_record_new (name, name, VM_SIGNAL_ROSTER_MAX);
  g_autoptr (GBytes) bytes = NULL;
  VmClusterParticipant one = { .node = node,
    .user = name,
    .device = name,
    .device_id = name,
    .resume = name,
    .call_type = VM_CALL_TYPE_VIDEO };

  for (one.epoch = 1; one.epoch <= VM_SIGNAL_ROSTER_MAX; one.epoch++) {
    g_autofree gchar *key = g_strdup_printf ("%0128u", one.epoch);
    g_autofree gchar *device = g_strdup_printf ("%0128u", one.epoch);

    one.key = key;
    one.device_id = device;
    fail_unless_equals_string (seat (record, &one)[0] == 'p' ? "" : "not", "");
  }
  one.key = one.device_id = name;
  fail_unless_equals_string (seat (record, &one), "MEETING_FULL");
  bytes = vm_cluster_record_write (record);
  fail_unless (g_bytes_get_size (bytes) < VM_CLUSTER_RECORD_MAX);
  fail_unless_equals_int (code_of_record (record), -1);
  one.node = (gchar *) "other";
  one.id = (gchar *) "p999";
  record->joined = 999;
  g_ptr_array_add (record->participants, vm_cluster_participant_copy (&one));
  fail_unless_equals_int (code_of_record (record), VM_ERROR_BAD_MESSAGE);
}

GST_END_TEST;

GST_START_TEST (test_what_no_record_says)
{
  static const gchar *const ids[] = { "", "001", "p01", "p000", "p0000000001",
    "p001x", "p002" };
  g_autofree gchar *longer = g_strnfill (VM_NAME_MAX + 1, 'x');
  const guint sizes[] = { 0, VM_SIGNAL_ROSTER_MAX + 1 };

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++) {
    g_autoptr (VmClusterRecord) record =
        vm_cluster_record_new ("room", "uuid", 3);
    VmClusterParticipant one = one_at ("n1", 1, "ann", NULL);

    one.id = (gchar *) ids[i];
    record->joined = 1;
    g_ptr_array_add (record->participants, vm_cluster_participant_copy (&one));
    fail_unless_equals_int (code_of_record (record), VM_ERROR_BAD_MESSAGE);
  }
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autoptr (VmClusterRecord) record =
        vm_cluster_record_new ("room", "uuid", sizes[i]);

    fail_unless_equals_int (code_of_record (record), VM_ERROR_BAD_MESSAGE);
  }
  {
    g_autoptr (VmClusterRecord) record =
        vm_cluster_record_new (longer, "uuid", 2);

    fail_unless_equals_int (code_of_record (record), VM_ERROR_BAD_MESSAGE);
  }
}

GST_END_TEST;

GST_START_TEST (test_nobody_twice)
{
  g_autoptr (VmClusterRecord) record =
      vm_cluster_record_new ("room", "uuid", 3);
  VmClusterParticipant one = one_at ("n1", 1, "ann", NULL);

  seat (record, &one);
  record->joined = 2;
  one.id = (gchar *) "p001";
  one.epoch = 2;
  g_ptr_array_add (record->participants, vm_cluster_participant_copy (&one));
  fail_unless_equals_int (code_of_record (record), VM_ERROR_BAD_MESSAGE);
  g_ptr_array_set_size (record->participants, 1);
  one.id = (gchar *) "p002";
  one.epoch = 1;
  g_ptr_array_add (record->participants, vm_cluster_participant_copy (&one));
  fail_unless_equals_int (code_of_record (record), VM_ERROR_BAD_MESSAGE);
  g_ptr_array_set_size (record->participants, 1);
  one.epoch = 2;
  g_ptr_array_add (record->participants, vm_cluster_participant_copy (&one));
  fail_unless_equals_int (code_of_record (record), -1);
}

GST_END_TEST;

GST_START_TEST (test_seats)
{
  g_autoptr (VmClusterRecord) record =
      vm_cluster_record_new ("room", "uuid", 2);
  VmClusterParticipant one = one_at ("n1", 1, "ann", NULL);

  fail_unless_equals_string (seat (record, &one), "p001");
  one.epoch = 2;
  fail_unless_equals_string (seat (record, &one), "p002");
  one.epoch = 3;
  fail_unless_equals_string (seat (record, &one), "MEETING_FULL");
  g_ptr_array_remove_index (record->participants, 0);
  fail_unless_equals_string (seat (record, &one), "p003");
}

GST_END_TEST;

/* An id that nobody could read is given to nobody. */
GST_START_TEST (test_last_number)
{
  g_autoptr (VmClusterRecord) record =
      vm_cluster_record_new ("room", "uuid", 3);
  VmClusterParticipant one = one_at ("n1", 1, "ann", NULL);

  record->joined = 999999998;
  fail_unless_equals_string (seat (record, &one), "p999999999");
  fail_unless_equals_int (code_of_record (record), -1);
  one.epoch = 2;
  fail_unless_equals_string (seat (record, &one), "MEETING_FULL");
  record->joined++;
  fail_unless_equals_int (code_of_record (record), VM_ERROR_BAD_MESSAGE);
}

GST_END_TEST;

/* By its id somebody stands where it stood, unless somebody else has it. */
GST_START_TEST (test_put_back)
{
  g_autoptr (VmClusterRecord) record =
      vm_cluster_record_new ("room", "uuid", 4);
  VmClusterParticipant one = one_at ("n1", 1, "ann", NULL);
  const VmClusterParticipant *earliest;

  one.id = (gchar *) "p1000";
  fail_unless_equals_string (seat (record, &one), "p1000");
  one.epoch = 2;
  fail_unless_equals_string (seat (record, &one), "RESUME_FAILED");
  one.id = (gchar *) "p999";
  fail_unless_equals_string (seat (record, &one), "p999");
  earliest = record->participants->pdata[0];
  fail_unless_equals_string (earliest->id, "p999");
  one.id = NULL;
  one.epoch = 3;
  fail_unless_equals_string (seat (record, &one), "p1001");
  fail_unless_equals_int (code_of_record (record), -1);
}

GST_END_TEST;

GST_START_TEST (test_same_device)
{
  g_autoptr (VmClusterRecord) record =
      vm_cluster_record_new ("room", "uuid", 2);
  VmClusterParticipant ann = one_at ("n1", 1, "ann", "key");
  VmClusterParticipant bob = one_at ("n1", 2, "bob", NULL);

  bob.device_id = (gchar *) "bob's";
  seat (record, &ann);
  seat (record, &bob);
  ann.node = (gchar *) "n2";
  /* also in a room that is full */
  fail_unless_equals_string (seat (record, &ann), "p003");
  fail_unless_equals_int (record->participants->len, 2);
  fail_if (vm_cluster_record_find (record, "n1", 1));
  ann.epoch = 2;
  ann.key = (gchar *) "another";
  fail_unless_equals_string (seat (record, &ann), "WRONG_KEY");
  ann.key = NULL;
  fail_unless_equals_string (seat (record, &ann), "WRONG_KEY");
  /* and nothing is proven without a key */
  bob.node = (gchar *) "n2";
  fail_unless_equals_string (seat (record, &bob), "MEETING_FULL");
}

GST_END_TEST;

GST_START_TEST (test_resume)
{
  g_autoptr (VmClusterRecord) record =
      vm_cluster_record_new ("room", "uuid", 2);
  VmClusterParticipant ann = one_at ("n1", 1, "ann", "key");
  VmClusterParticipant other = one_at ("n2", 5, NULL, "another");
  const VmClusterParticipant *back;
  g_autoptr (GError) error = NULL;

  ann.resume = (gchar *) "first";
  other.resume = (gchar *) "second";
  seat (record, &ann);
  fail_if (vm_cluster_record_resume (record, &other, "first", &error));
  fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_RESUME_FAILED));
  g_clear_error (&error);
  other.key = NULL;
  fail_if (vm_cluster_record_resume (record, &other, "first", NULL));
  other.key = (gchar *) "key";
  fail_if (vm_cluster_record_resume (record, &other, "", NULL));
  back = vm_cluster_record_resume (record, &other, "first", &error);
  g_assert_no_error (error);
  fail_unless_equals_string (back->id, "p001");
  fail_unless_equals_string (back->user, "ann");
  fail_unless_equals_string (back->node, "n2");
  fail_unless_equals_int (back->epoch, 5);
  fail_if (vm_cluster_record_resume (record, &other, "first", NULL));
  fail_unless (vm_cluster_record_resume (record, &other, "second", NULL));
}

GST_END_TEST;

/* "p001=n1/1 p002=n2/1" */
static void
has (const VmClusterRecord *record, const gchar *what)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < record->participants->len; i++) {
    const VmClusterParticipant *one = record->participants->pdata[i];

    g_string_append_printf (
        text, "%s%s=%s/%u", i ? " " : "", one->id, one->node, one->epoch);
  }
  fail_unless_equals_string (text->str, what);
}

/* Two that were one record, and have each been written to. */
GST_START_TEST (test_merge)
{
  g_autoptr (VmClusterRecord) record = vm_cluster_record_new ("a", "uuid", 4);
  g_autoptr (VmClusterRecord) other = NULL, another = NULL;
  const VmClusterParticipant ann = one_at ("n1", 1, "ann", NULL),
                             cat = one_at ("n1", 2, "cat", NULL),
                             dan = one_at ("n2", 2, "dan", NULL),
                             fay = one_at ("n2", 3, "fay", NULL),
                             gil = one_at ("n2", 4, "gil", NULL);
  VmClusterParticipant bob = one_at ("n2", 1, "bob", NULL);

  bob.resume = (gchar *) "token";
  seat (record, &ann);
  seat (record, &bob);
  other = vm_cluster_record_copy (record);
  seat (record, &cat);
  /* Bob has moved, Cat's number was given to Dan, and Fay has come; for Gil
   * there is no seat */
  bob = one_at ("n3", 7, "bob", NULL);
  fail_unless (vm_cluster_record_resume (other, &bob, "token", NULL));
  seat (other, &dan);
  seat (other, &fay);
  other->size = 5;
  seat (other, &gil);
  vm_cluster_record_merge (record, other);
  has (record, "p001=n1/1 p002=n3/7 p003=n1/2 p004=n2/3");
  fail_unless_equals_int (record->joined, 5);
  vm_cluster_record_merge (record, other);
  has (record, "p001=n1/1 p002=n3/7 p003=n1/2 p004=n2/3");
  /* those of another meeting are somebody else */
  another = vm_cluster_record_new ("a", "another", 9);
  seat (another, &gil);
  vm_cluster_record_merge (another, record);
  has (another, "p001=n2/4");
  fail_unless_equals_int (another->joined, 1);
}

GST_END_TEST;

/* One device has one seat, which is the later one. */
GST_START_TEST (test_merge_devices)
{
  g_autoptr (VmClusterRecord) record = vm_cluster_record_new ("a", "uuid", 4);
  g_autoptr (VmClusterRecord) other = NULL;
  const VmClusterParticipant bob = one_at ("n1", 1, "bob", "key"),
                             again = one_at ("n2", 1, "bob", "key");

  seat (record, &bob);
  other = vm_cluster_record_copy (record);
  seat (other, &again);
  vm_cluster_record_merge (record, other);
  has (record, "p002=n2/1");
}

GST_END_TEST;

/* Whatever is stored of it counts. */
GST_START_TEST (test_same)
{
  static const gsize texts[] = {
    G_STRUCT_OFFSET (VmClusterParticipant, id),
    G_STRUCT_OFFSET (VmClusterParticipant, node),
    G_STRUCT_OFFSET (VmClusterParticipant, alias),
    G_STRUCT_OFFSET (VmClusterParticipant, user),
    G_STRUCT_OFFSET (VmClusterParticipant, device),
    G_STRUCT_OFFSET (VmClusterParticipant, device_id),
    G_STRUCT_OFFSET (VmClusterParticipant, key),
    G_STRUCT_OFFSET (VmClusterParticipant, nonce),
    G_STRUCT_OFFSET (VmClusterParticipant, resume),
  };
  const guint numbers = 3, of_room = 5;
  g_autoptr (VmClusterRecord) record = vm_cluster_record_new ("a", "uuid", 4);
  const VmClusterParticipant bob = one_at ("n1", 1, "bob", "key");

  seat (record, &bob);
  fail_if (vm_cluster_record_is_same (record, NULL));
  fail_unless (vm_cluster_record_is_same (NULL, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (texts) + numbers + of_room; i++) {
    g_autoptr (VmClusterRecord) other = vm_cluster_record_copy (record);
    VmClusterParticipant *one = other->participants->pdata[0];
    guint n = i - G_N_ELEMENTS (texts);

    fail_unless (vm_cluster_record_is_same (record, other));
    if (i < G_N_ELEMENTS (texts)) {
      gchar **text = (gchar **) ((guint8 *) one + texts[i]);

      g_free (*text);
      *text = g_strdup ("another");
    } else if (n < of_room) {
      other->locked = n == 0;
      other->size += n == 1;
      other->joined += n == 2;
      if (n == 3)
        g_ptr_array_set_size (other->participants, 0);
      if (n == 4)
        other->id[0] = 'x';
    } else {
      one->epoch += n == of_room;
      one->proven = n == of_room + 1;
      if (n == of_room + 2)
        one->call_type = VM_CALL_TYPE_AUDIO;
    }
    fail_if (vm_cluster_record_is_same (record, other), "change %u", i);
  }
}

GST_END_TEST;

static Suite *
clusterrecord_suite (void)
{
  Suite *s = suite_create ("clusterrecord");
  TCase *tc = tcase_create ("clusterrecord");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_written_and_read);
  tcase_add_test (tc, test_damaged);
  tcase_add_test (tc, test_too_large);
  tcase_add_test (tc, test_fullest);
  tcase_add_test (tc, test_what_no_record_says);
  tcase_add_test (tc, test_nobody_twice);
  tcase_add_test (tc, test_seats);
  tcase_add_test (tc, test_last_number);
  tcase_add_test (tc, test_put_back);
  tcase_add_test (tc, test_same_device);
  tcase_add_test (tc, test_resume);
  tcase_add_test (tc, test_same);
  tcase_add_test (tc, test_merge);
  tcase_add_test (tc, test_merge_devices);
  return s;
}

CHECK_PROGRAM (clusterrecord)
