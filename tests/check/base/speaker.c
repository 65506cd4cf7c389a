/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"

#include <gst/videomeet/quality/speaker.h>

#define MS G_TIME_SPAN_MILLISECOND
#define STEP (20 * MS)
#define LOUD 20 /* -dBov */
#define START (100 * G_TIME_SPAN_SECOND)

typedef struct
{
  VmSpeaker *speaker;
  gint64 now;
  guint changes;
} Meeting;

static void
meeting_init (Meeting *meeting)
{
  *meeting = (Meeting){ vm_speaker_new (), START, 0 };
}

static void
meeting_clear (Meeting *meeting)
{
  vm_speaker_free (meeting->speaker);
}

/* @a and @b are heard at these levels for a while; beyond 127: not at all. */
static void
hear (Meeting *meeting, guint a, guint b, gint64 us)
{
  for (gint64 end = meeting->now + us; meeting->now < end;
       meeting->now += STEP) {
    if (a <= VM_SPEAKER_SILENCE)
      vm_speaker_add_level (meeting->speaker, "p001", a, meeting->now);
    if (b <= VM_SPEAKER_SILENCE)
      vm_speaker_add_level (meeting->speaker, "p002", b, meeting->now);
    meeting->changes += vm_speaker_update (meeting->speaker, meeting->now);
  }
}

#define assert_active(meeting, id) \
  fail_unless_equals_string (vm_speaker_get_active ((meeting)->speaker), id)

GST_START_TEST (test_nobody_at_first)
{
  Meeting meeting;

  meeting_init (&meeting);
  fail_if (vm_speaker_update (meeting.speaker, meeting.now));
  hear (&meeting, VM_SPEAKER_SILENCE, 60, 3000 * MS);
  assert_active (&meeting, NULL);
  fail_unless_equals_int (meeting.changes, 0);
  meeting_clear (&meeting);
}

GST_END_TEST;

/* The limit itself, one below and one above. */
GST_START_TEST (test_threshold)
{
  static const struct
  {
    guint level;
    const gchar *active;
  } cases[] = {
    { VM_SPEAKER_THRESHOLD + 1, NULL },
    { VM_SPEAKER_THRESHOLD, "p001" },
    { VM_SPEAKER_THRESHOLD - 1, "p001" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    Meeting meeting;

    meeting_init (&meeting);
    hear (
        &meeting, cases[i].level, VM_SPEAKER_SILENCE, 60 * G_TIME_SPAN_SECOND);
    assert_active (&meeting, cases[i].active);
    meeting_clear (&meeting);
  }
}

GST_END_TEST;

GST_START_TEST (test_takes_turns)
{
  Meeting meeting;

  meeting_init (&meeting);
  hear (&meeting, LOUD, VM_SPEAKER_SILENCE, 1000 * MS);
  assert_active (&meeting, "p001");
  hear (&meeting, VM_SPEAKER_SILENCE, LOUD, 1000 * MS);
  assert_active (&meeting, "p002");
  /* in silence the last one stays */
  hear (&meeting, VM_SPEAKER_SILENCE, VM_SPEAKER_SILENCE, 5000 * MS);
  assert_active (&meeting, "p002");
  fail_unless_equals_int (meeting.changes, 2);
  meeting_clear (&meeting);
}

GST_END_TEST;

/* A cough, or two who are about as loud, take the floor from nobody. */
GST_START_TEST (test_hysteresis)
{
  Meeting meeting;

  meeting_init (&meeting);
  hear (&meeting, 30, VM_SPEAKER_SILENCE, 1000 * MS);
  hear (&meeting, 30, 10, 200 * MS);
  hear (&meeting, 30, VM_SPEAKER_SILENCE, 1000 * MS);
  assert_active (&meeting, "p001");
  hear (&meeting, 30, 30 - VM_SPEAKER_MARGIN + 1, 5000 * MS);
  assert_active (&meeting, "p001");
  fail_unless_equals_int (meeting.changes, 1);
  hear (&meeting, 30, 30 - VM_SPEAKER_MARGIN - 1, 5000 * MS);
  assert_active (&meeting, "p002");
  fail_unless_equals_int (meeting.changes, 2);
  meeting_clear (&meeting);
}

GST_END_TEST;

/* Pauses between words are no ends. */
GST_START_TEST (test_pauses)
{
  Meeting meeting;

  meeting_init (&meeting);
  hear (&meeting, LOUD, VM_SPEAKER_SILENCE, 1000 * MS);
  for (guint i = 0; i < 10; i++) {
    hear (&meeting, VM_SPEAKER_SILENCE, 45, 200 * MS);
    hear (&meeting, LOUD, 45, 300 * MS);
  }
  assert_active (&meeting, "p001");
  fail_unless_equals_int (meeting.changes, 1);
  meeting_clear (&meeting);
}

GST_END_TEST;

/* Who is not heard of any more, as one who is muted, is silent. */
GST_START_TEST (test_no_news)
{
  Meeting meeting;

  meeting_init (&meeting);
  hear (&meeting, 10, VM_SPEAKER_SILENCE, 1000 * MS);
  hear (&meeting, G_MAXUINT, 40, VM_SPEAKER_STALE_US);
  assert_active (&meeting, "p001");
  hear (&meeting, G_MAXUINT, 40, 1000 * MS);
  assert_active (&meeting, "p002");
  meeting_clear (&meeting);
}

GST_END_TEST;

GST_START_TEST (test_leaves)
{
  Meeting meeting;

  meeting_init (&meeting);
  hear (&meeting, LOUD, VM_SPEAKER_SILENCE, 1000 * MS);
  vm_speaker_remove (meeting.speaker, "p001");
  fail_unless (vm_speaker_update (meeting.speaker, meeting.now));
  assert_active (&meeting, NULL);
  fail_if (vm_speaker_update (meeting.speaker, meeting.now));
  vm_speaker_remove (meeting.speaker, "p001");
  fail_if (vm_speaker_update (meeting.speaker, meeting.now));
  meeting_clear (&meeting);
}

GST_END_TEST;

/* What a peer writes into a byte is at most 127; the core holds more out. */
GST_START_TEST (test_out_of_range)
{
  Meeting meeting;

  meeting_init (&meeting);
  for (guint i = 0; i < 100; i++, meeting.now += STEP) {
    vm_speaker_add_level (meeting.speaker, "p001", G_MAXUINT, meeting.now);
    fail_if (vm_speaker_update (meeting.speaker, meeting.now));
  }
  meeting_clear (&meeting);
}

GST_END_TEST;

static Suite *
speaker_suite (void)
{
  Suite *s = suite_create ("speaker");
  TCase *tc = tcase_create ("speaker");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_nobody_at_first);
  tcase_add_test (tc, test_threshold);
  tcase_add_test (tc, test_takes_turns);
  tcase_add_test (tc, test_hysteresis);
  tcase_add_test (tc, test_pauses);
  tcase_add_test (tc, test_no_news);
  tcase_add_test (tc, test_leaves);
  tcase_add_test (tc, test_out_of_range);
  return s;
}

CHECK_PROGRAM (speaker)
