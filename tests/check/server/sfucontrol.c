/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The server's own session at Janus, with a clock and a Janus of the test's
 * own (protocol/cloud.md#rooms). */

#include "program.h"

#include <gst/videomeet/server/dialect/sfu/sfucontrol.h>
#include <string.h>

static VmSfuControl *control;
static gint64 now;
static guint8 dice;
static GString *log_; /* what the owner was told */
static gchar *said; /* the last request */

static void
note (const gchar *what)
{
  g_string_append_printf (log_, log_->len ? " %s" : "%s", what);
}

static void
on_open (gpointer user_data)
{
  note ("open");
}

static void
on_send (const gchar *text, gpointer user_data)
{
  g_free (said);
  said = g_strdup (text);
  note ("send");
}

static void
on_close (gpointer user_data)
{
  note ("close");
}

static void
on_reached (const GError *why, gpointer user_data)
{
  note (why ? "lost" : "reached");
}

static void
on_made (const gchar *id, gint64 number, gpointer user_data)
{
  g_autofree gchar *text =
      g_strdup_printf ("made:%s%s", id, number ? "" : ":refused");

  note (text);
  if (!number)
    vm_sfu_control_end (control, id, now);
}

static void
on_random (guint8 *bytes, gsize size, gpointer user_data)
{
  memset (bytes, ++dice, size);
}

static const VmSfuControlFuncs funcs = { on_open, on_send, on_close, on_reached,
  on_made, on_random };

static void
set_up (void)
{
  now = 1000 * G_USEC_PER_SEC;
  dice = 0;
  log_ = g_string_new (NULL);
  control = vm_sfu_control_new (&funcs, "s3", NULL);
}

static void
tear_down (void)
{
  vm_sfu_control_free (control);
  g_string_free (log_, TRUE);
  g_clear_pointer (&said, g_free);
}

static void
is_told (const gchar *what)
{
  fail_unless_equals_string (log_->str, what);
  g_string_truncate (log_, 0);
}

static void
tick (gint64 later)
{
  now += later;
  vm_sfu_control_tick (control, now);
}

static void
asks (const gchar *what)
{
  fail_unless (said && strstr (said, what), "%s in %s", what, said);
}

/* Janus answers the last request with @rest. */
static void
answer (const gchar *rest)
{
  static const gchar key[] = "\"transaction\":\"";
  const gchar *begin = strstr (said, key) + strlen (key);
  g_autofree gchar *transaction =
      g_strndup (begin, strspn (begin, "0123456789"));
  g_autofree gchar *text =
      g_strdup_printf ("{\"transaction\":\"%s\",%s}", transaction, rest);

  vm_sfu_control_receive (control, text, strlen (text), now);
}

#define ROOM(data) "\"janus\":\"success\",\"plugindata\":{\"data\":{" data "}}"
#define CREATED ROOM ("\"videoroom\":\"created\"")
#define ERROR(code) \
  ROOM ("\"videoroom\":\"event\",\"error_code\":" code ",\"error\":\"no\"")

static void
become_ready (void)
{
  tick (0);
  vm_sfu_control_opened (control, now);
  asks ("\"janus\":\"create\"");
  asks ("\"apisecret\":\"s3\"");
  answer ("\"janus\":\"success\",\"data\":{\"id\":7}");
  asks ("\"janus\":\"attach\"");
  answer ("\"janus\":\"success\",\"session_id\":7,\"data\":{\"id\":8}");
  is_told ("open send send reached");
}

static gint64
number_of (const gchar *id)
{
  gint64 number = -1;
  const gchar *pin;

  return vm_sfu_control_find (control, id, &number, &pin) ? number : -1;
}

GST_START_TEST (test_room)
{
  become_ready ();
  vm_sfu_control_make (control, "m1", 12, now);
  asks ("\"request\":\"create\"");
  asks ("\"publishers\":12");
  asks ("\"is_private\":true");
  fail_unless_equals_int64 (number_of ("m1"), -1);
  answer (CREATED);
  is_told ("send made:m1");
  fail_unless (number_of ("m1") > 0);
  fail_unless (number_of ("m1") <= G_GINT64_CONSTANT (9007199254740991));
  vm_sfu_control_end (control, "m1", now);
  asks ("\"request\":\"destroy\"");
  fail_unless_equals_int64 (number_of ("m1"), -1);
  answer (ROOM ("\"videoroom\":\"destroyed\""));
  is_told ("send");
  /* another time it is another room */
  vm_sfu_control_make (control, "m1", 12, now);
  is_told ("send");
}

GST_END_TEST;

GST_START_TEST (test_one_after_the_other)
{
  become_ready ();
  vm_sfu_control_make (control, "m1", 12, now);
  vm_sfu_control_make (control, "m2", 12, now);
  is_told ("send");
  answer (CREATED);
  is_told ("made:m1 send");
  answer (CREATED);
  is_told ("made:m2");
  fail_unless (number_of ("m1") != number_of ("m2"));
}

GST_END_TEST;

/* It is wanted again while it ends. */
GST_START_TEST (test_wanted_again)
{
  become_ready ();
  vm_sfu_control_make (control, "m1", 12, now);
  answer (CREATED);
  vm_sfu_control_end (control, "m1", now);
  vm_sfu_control_make (control, "m1", 12, now);
  is_told ("send made:m1 send");
  answer (ROOM ("\"videoroom\":\"destroyed\""));
  asks ("\"request\":\"create\"");
  answer (CREATED);
  is_told ("send made:m1");
}

GST_END_TEST;

GST_START_TEST (test_number_is_taken)
{
  gint64 number;

  become_ready ();
  vm_sfu_control_make (control, "m1", 12, now);
  g_string_truncate (log_, 0);
  answer (ERROR ("427"));
  is_told ("send");
  answer (CREATED);
  is_told ("made:m1");
  number = number_of ("m1");

  /* its own, which Janus still has after the connection was lost */
  vm_sfu_control_closed (control, now);
  is_told ("close lost");
  tick (VM_SFU_PAUSE_MIN);
  vm_sfu_control_opened (control, now);
  answer ("\"janus\":\"success\",\"data\":{\"id\":9}");
  answer ("\"janus\":\"success\",\"session_id\":9,\"data\":{\"id\":10}");
  asks ("\"request\":\"create\"");
  answer (ERROR ("427"));
  is_told ("open send send reached send made:m1");
  fail_unless_equals_int64 (number_of ("m1"), number);
}

GST_END_TEST;

GST_START_TEST (test_refused)
{
  become_ready ();
  vm_sfu_control_make (control, "m1", 12, now);
  answer (ERROR ("433"));
  is_told ("send close lost made:m1:refused");
  fail_unless_equals_int64 (number_of ("m1"), -1);
}

GST_END_TEST;

/* It tries again, less and less often, and says so once. */
GST_START_TEST (test_pauses)
{
  gint64 pause = VM_SFU_PAUSE_MIN;

  for (guint i = 0; i < 10; i++) {
    tick (0);
    vm_sfu_control_closed (control, now);
    is_told (i ? "open close" : "open close lost");
    tick (pause - 1);
    is_told ("");
    now++;
    pause = MIN (2 * pause, VM_SFU_PAUSE_MAX);
  }
  become_ready ();
}

GST_END_TEST;

GST_START_TEST (test_steady)
{
  become_ready ();
  now += VM_SFU_STEADY_TIME;
  vm_sfu_control_closed (control, now);
  is_told ("close lost");
  tick (VM_SFU_PAUSE_MIN - 1);
  is_told ("");
  tick (1);
  is_told ("open");
}

GST_END_TEST;

GST_START_TEST (test_deadlines)
{
  tick (0);
  tick (VM_SFU_ANSWER_TIME - 1);
  is_told ("open");
  tick (1);
  is_told ("close lost");
  now += VM_SFU_PAUSE_MAX;
  tick (0);
  vm_sfu_control_opened (control, now);
  is_told ("open send");
  tick (VM_SFU_ANSWER_TIME - 1);
  is_told ("");
  tick (1);
  is_told ("close");
}

GST_END_TEST;

GST_START_TEST (test_keepalive)
{
  become_ready ();
  tick (VM_SFU_KEEPALIVE_TIME - 1);
  is_told ("");
  tick (1);
  is_told ("send");
  asks ("\"janus\":\"keepalive\"");
  answer ("\"janus\":\"ack\",\"session_id\":7");
  tick (VM_SFU_ANSWER_TIME);
  is_told ("");
  tick (VM_SFU_KEEPALIVE_TIME);
  tick (VM_SFU_ANSWER_TIME);
  is_told ("send close lost");
}

GST_END_TEST;

GST_START_TEST (test_what_ends_it)
{
  static const gchar *const ends[] = {
    "{\"janus\":\"timeout\",\"session_id\":7}",
    "{\"janus\":\"detached\",\"session_id\":7,\"sender\":8}",
    "nothing",
  };

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++) {
    now += VM_SFU_PAUSE_MAX;
    become_ready ();
    vm_sfu_control_receive (control, ends[i], strlen (ends[i]), now);
    is_told ("close lost");
  }
  now += VM_SFU_PAUSE_MAX;
  become_ready ();
  vm_sfu_control_make (control, "m1", 12, now);
  answer ("\"janus\":\"error\",\"error\":{\"code\":458,\"reason\":\"gone\"}");
  is_told ("send close lost");
}

GST_END_TEST;

/* What is not an answer changes nothing. */
GST_START_TEST (test_others)
{
  static const gchar text[] =
      "{\"janus\":\"success\",\"transaction\":\"99\",\"data\":{\"id\":5}}";

  become_ready ();
  vm_sfu_control_make (control, "m1", 12, now);
  vm_sfu_control_receive (control, text, strlen (text), now);
  answer ("\"janus\":\"ack\",\"session_id\":7");
  is_told ("send");
  answer (CREATED);
  is_told ("made:m1");
  answer (CREATED);
  is_told ("");
}

GST_END_TEST;

GST_START_TEST (test_hurry)
{
  become_ready ();
  vm_sfu_control_make (control, "m1", 12, now);
  answer (CREATED);
  vm_sfu_control_make (control, "m2", 12, now);
  answer (CREATED);
  g_string_truncate (log_, 0);
  vm_sfu_control_hurry (control);
  vm_sfu_control_end (control, "m1", now);
  vm_sfu_control_end (control, "m2", now);
  is_told ("send send");
  vm_sfu_control_closed (control, now);
  is_told ("close");
}

GST_END_TEST;

static Suite *
sfucontrol_suite (void)
{
  Suite *s = suite_create ("sfucontrol");
  TCase *tc = tcase_create ("general");

  tcase_add_checked_fixture (tc, set_up, tear_down);
  tcase_add_test (tc, test_room);
  tcase_add_test (tc, test_one_after_the_other);
  tcase_add_test (tc, test_wanted_again);
  tcase_add_test (tc, test_number_is_taken);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_pauses);
  tcase_add_test (tc, test_steady);
  tcase_add_test (tc, test_deadlines);
  tcase_add_test (tc, test_keepalive);
  tcase_add_test (tc, test_what_ends_it);
  tcase_add_test (tc, test_others);
  tcase_add_test (tc, test_hurry);
  suite_add_tcase (s, tc);
  return s;
}

CHECK_PROGRAM (sfucontrol)
