/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The four state machines over every state x event, against the pictures of
 * protocol/discovery.md#discovery-states, protocol/files.md#transfer-states,
 * protocol/meeting.md#meeting-states written down once more as text: a row a
 * state, a column an event, "-" where the picture has no edge. */

#include "program.h"
#include "base/vmmeetingstate-priv.h"
#include "base/vmparticipantstate-priv.h"
#include "discovery/vmdiscoverystate-priv.h"
#include "transfer/objects/vmtransferstate-priv.h"

#include <gst/videomeet/videomeet.h>

typedef const gchar *(*NameFunc) (gint);
typedef gboolean (*NextFunc) (gint, gint, gint *);

static void
check_table (const gchar *table, gint n_states, gint n_events, NameFunc state,
    NameFunc event, NextFunc next)
{
  g_auto (GStrv) rows = g_strsplit (table, "\n", 0);
  g_auto (GStrv) head = g_strsplit (rows[0], " ", 0);

  fail_unless_equals_int (g_strv_length (rows), n_states + 1);
  fail_unless_equals_int (g_strv_length (head), n_events + 1);
  for (gint e = 0; e < n_events; e++)
    fail_unless_equals_string (head[e + 1], event (e));
  for (gint s = 0; s < n_states; s++) {
    g_auto (GStrv) row = g_strsplit (rows[s + 1], " ", 0);

    fail_unless_equals_int (g_strv_length (row), n_events + 1);
    fail_unless_equals_string (row[0], state (s));
    for (gint e = 0; e < n_events; e++) {
      gint to = -1;
      gboolean legal = next (s, e, &to);

      fail_unless_equals_int (legal, g_strcmp0 (row[e + 1], "-") != 0);
      fail_unless_equals_string (state (to), legal ? row[e + 1] : row[0]);
    }
  }
}

#define CHECK(table, UP, low)                                                 \
  check_table (table, n_values (VM_TYPE_##UP##_STATE),                        \
      n_values (VM_TYPE_##UP##_EVENT), (NameFunc) vm_##low##_state_to_string, \
      (NameFunc) vm_##low##_event_to_string, (NextFunc) vm_##low##_state_next)

static gint
n_values (GType type)
{
  GEnumClass *klass = g_type_class_ref (type);
  gint n = klass->n_values;

  g_type_class_unref (klass);
  return n;
}

GST_START_TEST (test_discovery)
{
  CHECK ("state app-start registration-success registration-failed "
         "start-discovery devices-found last-device-gone network-lost "
         "connection-lost app-close unregistered\n"
         "offline registering - - - - - - - - -\n"
         "registering - discoverable unregistering - - - - - unregistering -\n"
         "discoverable - - - discovering - - unregistering - unregistering -\n"
         "discovering - - - - active - unregistering - unregistering -\n"
         "active - - - - - discoverable - unregistering unregistering -\n"
         "unregistering - - - - - - - - - offline",
      DISCOVERY, discovery);
}

GST_END_TEST;

GST_START_TEST (test_meeting)
{
  CHECK ("state announced participant-joins all-leave host-ends\n"
         "created announced - - ended\n"
         "announced - active - ended\n"
         "active - - idle -\n"
         "idle - active - ended\n"
         "ended - - - -",
      MEETING, meeting);
}

GST_END_TEST;

GST_START_TEST (test_participant)
{
  CHECK ("state connected leaves fails\n"
         "connecting connected disconnected disconnected\n"
         "connected - disconnected -\n"
         "disconnected connected - -",
      PARTICIPANT, participant);
}

GST_END_TEST;

GST_START_TEST (test_transfer)
{
  CHECK ("state accept pause resume complete success fail\n"
         "pending transferring - - - - failed\n"
         "transferring - paused - verifying - failed\n"
         "paused - - transferring - - failed\n"
         "verifying - - - - completed failed\n"
         "completed - - - - - -\n"
         "failed - - - - - -",
      TRANSFER, transfer);
}

GST_END_TEST;

static Suite *
lifecycle_suite (void)
{
  Suite *s = suite_create ("lifecycle");
  TCase *tc = tcase_create ("tables");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_discovery);
  tcase_add_test (tc, test_meeting);
  tcase_add_test (tc, test_participant);
  tcase_add_test (tc, test_transfer);
  return s;
}

CHECK_PROGRAM (lifecycle)
