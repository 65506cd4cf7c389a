/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is sent, and shared beside it, changes in the middle of a call. */

#include "program.h"

#include "support/fakesignalbin.h"
#include "support/media/fakemedia.h"
#include "support/media/mediacall.h"

static guint frames_before;

static void
send_test (void)
{
  frames_before = fake_signal_bin_count (TRUE);
  type ("/source test\n");
}

static gboolean
is_another (void)
{
  return has_told ("You send “test” now") && !is_white ()
         && fake_signal_bin_count (TRUE) > frames_before + 20;
}

static void
send_camera (void)
{
  type ("/source camera\n/source camera\n");
}

static gboolean
is_white_by_source (void)
{
  return is_white () && is_loud () && has_told ("You send “camera” now")
         && !fake_signal_bin_is_muted (TRUE);
}

static void
send_nothing (void)
{
  type ("/source no/such.mp4\n");
}

static gboolean
has_refused_source (void)
{
  return has_complained ("There is no source 'no/such.mp4'") && is_white ();
}

/* Something else is sent in the middle of a call, and the camera again. */
GST_START_TEST (test_another_source)
{
  static const Step steps[] = {
    { is_white_and_loud, send_test },
    { is_another, send_camera },
    { is_white_by_source, unplug_camera },
    { is_black_and_muted, plug_camera },
    { is_white_again, send_nothing },
    { has_refused_source, NULL },
    { NULL },
  };
  g_auto (Result) result = run_plugged (steps);
}

GST_END_TEST;

static void
share_wrongly (void)
{
  type ("/share camera\n/share --region x\n/share test --region 0,0,64,64\n"
        "/share off\n/share test --screen-sound\n/share nothing.mp4\n");
}

static gboolean
has_refused_share (void)
{
  return has_complained ("A camera is no second picture")
         && has_complained ("A region is one of the screen")
         && has_complained ("--screen-sound is of use with the screen alone")
         && has_told ("Nothing is shared.")
         && has_complained ("There is no source 'nothing.mp4'");
}

static void
share_test (void)
{
  fail_unless_equals_int (fake_signal_bin_count_shared (), 0);
  type ("/share stamp:64x36@30\n");
}

static gboolean
is_shared (void)
{
  return fake_signal_bin_count_shared () > 10
         && has_told ("You share “stamp:64x36@30” now; /share off stops it.");
}

static void
share_no_more (void)
{
  frames_before = fake_signal_bin_count (TRUE);
  type ("/source\n/share off\n/share off\n");
}

/* Nothing comes any more, and the camera goes on. */
static gboolean
goes_on_without (void)
{
  static guint at_end;

  if (!has_told ("You share nothing any more.")) {
    at_end = 0;
    return FALSE;
  }
  if (!at_end)
    at_end = fake_signal_bin_count_shared ();
  fail_unless_equals_int (fake_signal_bin_count_shared (), at_end);
  return fake_signal_bin_count (TRUE) > frames_before + 20 && is_white ();
}

/* A second picture in the middle of a call, and its end. */
GST_START_TEST (test_share)
{
  static const Step steps[] = {
    { is_white_and_loud, share_wrongly },
    { has_refused_share, share_test },
    { is_shared, share_no_more },
    { goes_on_without, NULL },
    { NULL },
  };
  g_auto (Result) result = run_plugged (steps);

  fail_unless (
      strstr (result.text, "You send “camera”, and share “stamp:64x36@30”."),
      "%s", result.text);
  fail_unless (fake_signal_bin_get_gap (TRUE) < GAP_MAX);
}

GST_END_TEST;

static Suite *
tool_sending_suite (void)
{
  Suite *s = suite_create ("tool-sending");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, fake_signal_bin_register, NULL);
  tcase_add_test (tc, test_another_source);
  tcase_add_test (tc, test_share);
  return s;
}

CHECK_PROGRAM (tool_sending)
