/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The launcher's time in a meeting, with an element in vmsignalbin's place
 * that plays one. */

#include "program.h"

#include "cmd/commands.h"

#include <signal.h>
#include "support/media/fakemedia.h"
#include "support/fakesignalbin.h"
#include "support/hang.h"
#include "session/roster.h"
#include "session/session.h"

typedef struct
{
  gint status;
  GPtrArray *events; /* JsonNode; none where people are told */
  gchar *text, *errors;
} Result;

static void
result_clear (Result *result)
{
  g_ptr_array_unref (result->events);
  g_free (result->text);
  g_free (result->errors);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Result, result_clear)

static GPtrArray *
parse_lines (const gchar *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  GPtrArray *events =
      g_ptr_array_new_with_free_func ((GDestroyNotify) json_node_unref);

  for (gchar **line = lines; *line && **line; line++) {
    g_autoptr (GError) error = NULL;
    JsonNode *node = json_from_string (*line, &error);

    fail_unless (node && JSON_NODE_HOLDS_OBJECT (node), "not JSON: %s", *line);
    g_ptr_array_add (events, node);
  }
  return events;
}

/* What is written so far, and of what went wrong; and when that is enough. */
static FILE *told, *complained;
static char **told_text, **complained_text;
static gboolean (*enough) (void);
static gboolean interrupted;

#define NEVER 60 /* s of a call that is ended by what happens in it */

static gboolean
has_told (const gchar *part)
{
  fflush (told);
  return *told_text && strstr (*told_text, part);
}

static gboolean
has_complained (const gchar *part)
{
  fflush (complained);
  return *complained_text && strstr (*complained_text, part);
}

static gboolean
interrupt_when_enough (gpointer user_data)
{
  if (!enough ())
    return G_SOURCE_CONTINUE;
  interrupted = TRUE;
  raise (SIGINT);
  return G_SOURCE_REMOVE;
}

/* @place: the name or the URI of a meeting */
static Result
run_as (
    gboolean json, VmtOptions *options, VmMeetingMode mode, const gchar *place)
{
  const gchar *uri = strstr (place, "://") ? place : NULL;
  Result result = { 0 };
  char *out_text, *err_text;
  size_t out_size, err_size;
  FILE *out = open_memstream (&out_text, &out_size);
  FILE *err = open_memstream (&err_text, &err_size);
  VmtOutput *output = vmt_output_new (out, err, json);
  guint poll = 0;

  if (!options->source)
    options->source = g_strdup ("stamp");
  told = out;
  told_text = &out_text;
  complained = err;
  complained_text = &err_text;
  interrupted = FALSE;
  if (enough)
    poll = g_timeout_add (20, interrupt_when_enough, NULL);
  result.status = vmt_session_run (
      options, output, mode, uri ? NULL : place, uri, g_get_monotonic_time ());
  if (poll && !interrupted)
    g_source_remove (poll);
  vmt_output_free (output);
  fclose (out);
  fclose (err);
  result.events = parse_lines (json ? out_text : "");
  result.text = g_strdup (out_text);
  result.errors = g_strdup (err_text);
  free (out_text);
  free (err_text);
  return result;
}

static Result
run (VmtOptions *options, VmMeetingMode mode, const gchar *place)
{
  Result result = run_as (TRUE, options, mode, place);

  fail_unless (result.events->len > 0);
  return result;
}

/* Until @is_enough of it, and a user presses Ctrl-C. */
static Result
run_as_until (gboolean (*is_enough) (void), gboolean json, VmtOptions *options,
    VmMeetingMode mode, const gchar *place)
{
  Result result;

  options->duration = NEVER;
  enough = is_enough;
  result = run_as (json, options, mode, place);
  enough = NULL;
  fail_unless (interrupted, "not within %d s: %s", NEVER, result.text);
  return result;
}

static Result
run_until (gboolean (*is_enough) (void), VmtOptions *options,
    VmMeetingMode mode, const gchar *place)
{
  return run_as_until (is_enough, TRUE, options, mode, place);
}

static Result
tell (VmtOptions *options, VmMeetingMode mode, const gchar *place)
{
  return run_as (FALSE, options, mode, place);
}

static JsonObject *
event_at (const Result *result, guint index)
{
  return json_node_get_object (g_ptr_array_index (result->events, index));
}

static const gchar *
name_of (JsonObject *event)
{
  return json_object_get_string_member (event, "event");
}

static JsonObject *
find_event (const Result *result, const gchar *name)
{
  for (guint i = 0; i < result->events->len; i++)
    if (g_str_equal (name_of (event_at (result, i)), name))
      return event_at (result, i);
  return NULL;
}

/* "participants" of the summary, which is the last line and the only one. */
static JsonArray *
participants (const Result *result)
{
  JsonObject *last = event_at (result, result->events->len - 1);

  fail_unless_equals_string (name_of (last), "summary");
  fail_unless (find_event (result, "summary") == last);
  return json_object_get_array_member (last, "participants");
}

#define FRAMES 20

/* A few more than is asked of the summary, which is counted behind. */
static gboolean
has_both (void)
{
  return fake_signal_bin_count (TRUE) >= FRAMES + 5
         && fake_signal_bin_count (FALSE) >= FRAMES + 5;
}

static gboolean
has_sound (void)
{
  return fake_signal_bin_count (FALSE) >= FRAMES + 5;
}

GST_START_TEST (test_call)
{
  static const gchar *const order[] = { "meeting", "joined",
    "participant-joined", "participant-state", "path", "meeting", "summary" };
  g_auto (VmtOptions) options = { 0 };
  g_auto (Result) result =
      run_until (has_both, &options, VM_MEETING_MODE_HOST, "call");
  JsonObject *bob, *stamps;

  fail_unless_equals_string (result.errors, "");
  fail_unless_equals_int (result.status, 0);
  fail_unless_equals_int (result.events->len, G_N_ELEMENTS (order));
  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    fail_unless_equals_string (name_of (event_at (&result, i)), order[i]);
  fail_unless_equals_int (json_array_get_length (participants (&result)), 1);
  bob = json_array_get_object_element (participants (&result), 0);
  fail_unless_equals_string (
      json_object_get_string_member (bob, "name"), "Bob");
  fail_unless_equals_string (
      json_object_get_string_member (bob, "path"), "host");
  fail_unless_equals_int (json_object_get_int_member (bob, "rttMs"), 7);
  fail_unless (json_object_get_int_member (bob, "videoFrames") >= FRAMES);
  fail_unless (json_object_get_int_member (bob, "audioBuffers") >= FRAMES);
  fail_unless (json_object_get_int_member (bob, "firstFrameMs")
               <= json_object_get_int_member (
                   find_event (&result, "summary"), "durationMs"));
  stamps = json_object_get_object_member (bob, "stamps");
  fail_unless_equals_int (json_object_get_int_member (stamps, "missing"), 0);
  fail_unless_equals_int (json_object_get_int_member (stamps, "repeated"), 0);
}

GST_END_TEST;

GST_START_TEST (test_audio_only)
{
  g_auto (VmtOptions) options = { .audio_only = TRUE };
  g_auto (Result) result =
      run_until (has_sound, &options, VM_MEETING_MODE_JOIN, "call");
  JsonObject *bob = json_array_get_object_element (participants (&result), 0);

  fail_unless_equals_int (result.status, 0);
  fail_unless_equals_int (json_object_get_int_member (bob, "videoFrames"), 0);
  fail_unless (json_object_get_int_member (bob, "audioBuffers") >= FRAMES);
  fail_unless (json_object_get_null_member (bob, "firstFrameMs"));
}

GST_END_TEST;

static gboolean
is_connected (void)
{
  return has_told ("\"state\":\"connected\"");
}

/* Of the events of a call. */
static void
check_states (const Result *result, const gchar *const *states)
{
  for (guint i = 0; i < result->events->len; i++) {
    JsonObject *event = event_at (result, i);

    if (g_str_equal (name_of (event), "call")) {
      fail_unless (*states, "%s", result->text);
      fail_unless_equals_string (
          json_object_get_string_member (event, "state"), *states++);
    }
  }
  fail_if (*states, "nothing is %s", *states);
}

/* Who gives up while the call is answered leaves nobody waiting for it, and the
 * next one comes about. */
GST_START_TEST (test_answered_too_late)
{
  static const gchar *const states[] = { "waiting", "ringing", "answered",
    "missed", "ringing", "answered", "connected", "ended", NULL };
  g_auto (VmtOptions)
      options = { .audio_only = TRUE, .accept = VM_ACCEPT_AUTO };
  g_auto (Result) result = { 0 };

  options.server = g_strdup ("ws://127.0.0.1");
  result = run_until (is_connected, &options, VM_MEETING_MODE_JOIN, "missed");
  fail_unless_equals_int (result.status, 0);
  check_states (&result, states);
}

GST_END_TEST;

/* Two call each other, one answers, and the other has given up: that is told,
 * and nobody is waited for. */
GST_START_TEST (test_crossing_call_given_up)
{
  static const gchar *const states[] = { "calling", "answered", "ended", NULL };
  g_auto (VmtOptions) options = { .audio_only = TRUE };
  g_auto (Result) result = { 0 };

  options.server = g_strdup ("ws://127.0.0.1");
  options.target = g_strdup ("002");
  result = run (&options, VM_MEETING_MODE_JOIN, "crossed");
  fail_unless_equals_int (result.status, 1);
  check_states (&result, states);
  fail_unless (strstr (result.errors, "has ended the call at once"), "%s",
      result.errors);
}

GST_END_TEST;

/* Who is called by a third one while it calls is busy, calls again, and is not
 * ended by what the first call was answered with. */
GST_START_TEST (test_call_disturbed_by_another)
{
  static const gchar *const states[] = { "calling", "connected", "ended",
    NULL };
  g_auto (VmtOptions) options = { .audio_only = TRUE };
  g_auto (Result) result = { 0 };

  options.server = g_strdup ("ws://127.0.0.1");
  options.target = g_strdup ("002");
  result =
      run_until (is_connected, &options, VM_MEETING_MODE_JOIN, "disturbed");
  fail_unless_equals_int (result.status, 0);
  check_states (&result, states);
}

GST_END_TEST;

/* Who gave up before there was a seat calls nobody when it comes. */
GST_START_TEST (test_registered_too_late)
{
  static const gchar *const states[] = { NULL };
  g_auto (VmtOptions) options = { .audio_only = TRUE, .duration = 0.3 };
  g_auto (Result) result = { 0 };

  options.server = g_strdup ("ws://127.0.0.1");
  options.target = g_strdup ("002");
  result = run (&options, VM_MEETING_MODE_JOIN, "late");
  fail_unless_equals_int (result.status, 1);
  fail_unless (strstr (result.errors, "did not answer"), "%s", result.errors);
  fail_unless (find_event (&result, "joined"), "%s", result.text);
  check_states (&result, states);
}

GST_END_TEST;

GST_START_TEST (test_refused)
{
  g_auto (VmtOptions) options = { 0 };
  g_auto (Result) result = run (&options, VM_MEETING_MODE_JOIN, "refused");
  JsonObject *error = find_event (&result, "error");

  fail_unless_equals_int (result.status, 1);
  fail_unless_equals_string (
      json_object_get_string_member (error, "code"), "MEETING_NOT_FOUND");
  fail_unless_equals_string (
      result.errors, "videomeet: error: There is no meeting of that name.\n");
  fail_unless_equals_int (json_array_get_length (participants (&result)), 0);
}

GST_END_TEST;

/* Nobody was left, and no meeting has ended. */
GST_START_TEST (test_refused_is_all_that_is_told)
{
  g_auto (VmtOptions) options = { 0 };
  g_auto (Result) result =
      tell (&options, VM_MEETING_MODE_JOIN, "videomeet://a:1/refused");

  fail_unless_equals_int (result.status, 1);
  fail_unless_equals_string (result.text, "");
}

GST_END_TEST;

GST_START_TEST (test_not_found)
{
  g_auto (VmtOptions) open = { 0 };
  g_auto (VmtOptions) pin = { .pin = g_strdup ("123456") };
  g_auto (VmtOptions) placed = { 0 };
  g_auto (Result) named = tell (&open, VM_MEETING_MODE_JOIN, "nowhere");
  g_auto (Result) guarded = tell (&pin, VM_MEETING_MODE_JOIN, "nowhere");
  g_auto (Result) there =
      tell (&placed, VM_MEETING_MODE_JOIN, "videomeet://a:1/nowhere");

  fail_unless (strstr (named.text, "videomeet discover"));
  fail_unless (strstr (named.text, "--pin"));
  fail_unless (strstr (guarded.text, "videomeet discover"));
  fail_if (strstr (guarded.text, "--pin"));
  fail_unless_equals_string (there.text, "");
  {
    g_auto (VmtOptions) room = { 0 };
    g_auto (Result) web =
        tell (&room, VM_MEETING_MODE_JOIN, "wss://a:1/nowhere");

    fail_unless_equals_string (web.text,
        "If that is a videomeet device:  videomeet join "
        "videomeet://a:1/nowhere\n");
  }
}

GST_END_TEST;

/* A server that has looked at a token is one of rooms, and whoever says the
 * dialect knows what is there. */
GST_START_TEST (test_not_taken_for_a_device)
{
  g_auto (VmtOptions) plain = { 0 };
  g_auto (VmtOptions) named = { .dialect = g_strdup ("mesh") };
  g_auto (Result) token = tell (&plain, VM_MEETING_MODE_JOIN, "ws://a:1/token");
  g_auto (Result) mesh =
      tell (&named, VM_MEETING_MODE_JOIN, "ws://a:1/nowhere");

  fail_unless_equals_string (token.text, "");
  fail_unless_equals_string (mesh.text, "");
}

GST_END_TEST;

GST_START_TEST (test_named_by_uri)
{
  g_auto (VmtOptions) options = { .duration = 0.5 };
  g_auto (Result) result =
      run (&options, VM_MEETING_MODE_JOIN, "videomeet://a:1/silent");

  fail_unless_equals_string (json_object_get_string_member (
                                 find_event (&result, "summary"), "meeting"),
      "silent");
}

GST_END_TEST;

/* Who looks for a window is told how to have one; a PIN is never told. */
GST_START_TEST (test_what_to_do_next)
{
  g_auto (VmtOptions) plain = { 0 };
  g_auto (VmtOptions)
      record = { .record = g_strdup ("x"), .pin = g_strdup ("123456") };
  g_auto (Result) one = tell (&plain, VM_MEETING_MODE_HOST, "ends");
  g_auto (Result) two = tell (&record, VM_MEETING_MODE_HOST, "ends");

  fail_unless (strstr (one.text, "--view"));
  fail_unless (strstr (one.text, "videomeet join ends\n"));
  fail_if (strstr (two.text, "--view"));
  fail_unless (strstr (two.text, "videomeet join ends --pin PIN\n"));
}

GST_END_TEST;

GST_START_TEST (test_never_joined)
{
  g_auto (VmtOptions) options = { .duration = 0.5 };
  g_auto (Result) result = run (&options, VM_MEETING_MODE_JOIN, "silent");

  fail_unless_equals_int (result.status, 1);
  fail_unless_equals_string (
      json_object_get_string_member (find_event (&result, "error"), "code"),
      "TIMEOUT");
}

GST_END_TEST;

/* A link that leads nowhere but here is no link to pass on. */
GST_START_TEST (test_no_network)
{
  g_auto (VmtOptions) options = { .duration = 1 };
  g_auto (Result) result = run (&options, VM_MEETING_MODE_HOST, "offline");

  fail_unless_equals_int (result.status, 0);
  fail_unless_equals_string (
      json_object_get_string_member (find_event (&result, "warning"), "code"),
      "NO_NETWORK");
}

GST_END_TEST;

GST_START_TEST (test_host_ends)
{
  g_auto (VmtOptions) options = { 0 };
  g_auto (Result) result = run (&options, VM_MEETING_MODE_JOIN, "ends");

  fail_unless_equals_int (result.status, 0);
  fail_unless_equals_int (json_array_get_length (participants (&result)), 0);
}

GST_END_TEST;

/* Who left before the end is in the summary all the same. */
/* It lasts as long as it was told to. */
GST_START_TEST (test_duration)
{
  g_auto (VmtOptions) options = { .duration = 1 };
  g_auto (Result) result = run (&options, VM_MEETING_MODE_HOST, "call");

  fail_unless_equals_int (result.status, 0);
  fail_unless (
      json_object_get_int_member (find_event (&result, "summary"), "durationMs")
      >= 1000);
}

GST_END_TEST;

GST_START_TEST (test_participant_leaves)
{
  g_auto (VmtOptions) options = { .duration = 1 };
  g_auto (Result) result = run (&options, VM_MEETING_MODE_HOST, "leaves");
  JsonObject *left = find_event (&result, "participant-left");

  fail_unless_equals_string (
      json_object_get_string_member (left, "message"), "The network is gone.");
  fail_unless_equals_int (json_array_get_length (participants (&result)), 1);
}

GST_END_TEST;

/* Bob stays. */
GST_START_TEST (test_host_leaves)
{
  g_auto (VmtOptions) options = { .duration = 1 };
  g_auto (Result) result = tell (&options, VM_MEETING_MODE_HOST, "left");

  fail_unless_equals_int (result.status, 0);
  fail_unless (strstr (result.text, "Leaving.") != NULL);
  fail_if (strstr (result.text, "Nobody else") != NULL, "%s", result.text);
}

GST_END_TEST;

static gboolean
has_last_status (void)
{
  return has_told ("status: lunch");
}

/* What somebody does a hundred times a second is not told as often; what it is
 * in the end is. */
GST_START_TEST (test_burst)
{
  g_auto (VmtOptions) options = { 0 };
  g_auto (Result) result = run_as_until (
      has_last_status, FALSE, &options, VM_MEETING_MODE_HOST, "burst");
  guint lines = 0;

  for (const gchar *at = result.text; (at = strstr (at, "Bob sends")); at++)
    lines++;
  /* one more a second, where the machine takes so long for the hundred */
  fail_unless (
      lines > VMT_ROSTER_TELL_BURST && lines <= 2 * VMT_ROSTER_TELL_BURST);
  fail_unless (strstr (result.text, "; status: away.\n") != NULL);
  fail_unless (strstr (result.text, "available") == NULL, "%s", result.text);
}

GST_END_TEST;

static guint frames_at_failure;

/* And frames, of those that come after the failure was told. */
static gboolean
has_failed_and_gone_on (void)
{
  guint frames = fake_signal_bin_count (TRUE);

  if (!has_told ("No space left") && !has_complained ("No space left"))
    frames_at_failure = frames;
  return frames >= frames_at_failure + FRAMES + 5;
}

/* The call goes on; what is missing is said when it happens and at the end. */
GST_START_TEST (test_recording_fails)
{
  g_auto (VmtOptions) one = { 0 };
  g_auto (VmtOptions) two = { 0 };
  g_auto (Result) result = run_until (
      has_failed_and_gone_on, &one, VM_MEETING_MODE_HOST, "disk full");
  g_auto (Result) told = run_as_until (
      has_failed_and_gone_on, FALSE, &two, VM_MEETING_MODE_HOST, "disk full");
  JsonObject *record = find_event (&result, "record");
  JsonObject *bob = json_array_get_object_element (participants (&result), 0);
  JsonArray *lost = json_object_get_array_member (bob, "lostRecords");

  fail_unless_equals_int (result.status, 1);
  fail_unless_equals_string (
      json_object_get_string_member (record, "state"), "failed");
  fail_unless_equals_string (
      json_object_get_string_member (record, "message"), "No space left");
  fail_unless_equals_int (json_array_get_length (lost), 1);
  fail_unless_equals_string (
      json_array_get_string_element (lost, 0), "rec/bob.mkv");
  fail_if (json_object_has_member (bob, "records"));
  fail_unless (json_object_get_int_member (bob, "videoFrames") >= FRAMES);

  fail_unless_equals_int (told.status, 1);
  fail_unless_equals_string (told.errors,
      "videomeet: warning: The recording of Bob (002) into rec/bob.mkv failed: "
      "No space left\n"
      "videomeet: error: Not recorded, or not whole: Bob (002), into "
      "rec/bob.mkv\n");
  fail_if (strstr (told.text, "bob.mkv"));
}

GST_END_TEST;

static gboolean
interrupt (gpointer user_data)
{
  raise (SIGINT);
  return G_SOURCE_REMOVE;
}

GST_START_TEST (test_interrupt)
{
  g_auto (VmtOptions) options = { 0 };
  g_auto (Result) result = { 0 };

  g_timeout_add (500, interrupt, NULL);
  result = run (&options, VM_MEETING_MODE_JOIN, "silent");
  fail_unless_equals_int (result.status, VMT_EXIT_SIGNAL);
  fail_unless_equals_int (json_array_get_length (participants (&result)), 0);
}

GST_END_TEST;

GST_START_TEST (test_bad_source)
{
  g_auto (VmtOptions) options = { .source = g_strdup ("no/such/file") };
  g_auto (Result) result = run (&options, VM_MEETING_MODE_HOST, "call");

  fail_unless_equals_int (result.status, 1);
  fail_unless (strstr (result.errors, "'no/such/file'"));
  fail_unless_equals_int (json_array_get_length (participants (&result)), 0);
}

GST_END_TEST;

static guint
count_warnings (const Result *result, const gchar *text)
{
  guint n = 0;

  for (guint i = 0; i < result->events->len; i++) {
    JsonObject *event = event_at (result, i);

    if (g_str_equal (name_of (event), "warning")
        && strstr (json_object_get_string_member (event, "message"), text))
      n++;
  }
  return n;
}

/* And as long again after both were lost, at the least. */
static gboolean
has_gone_on (void)
{
  static gint64 lost = 0;

  if (!has_told ("camera is lost") || !has_told ("microphone is lost"))
    return FALSE;
  if (!lost)
    lost = g_get_monotonic_time ();
  return g_get_monotonic_time () - lost > G_TIME_SPAN_SECOND;
}

/* What a host has lost is no reason to send everybody home. */
GST_START_TEST (test_unplugged)
{
  g_auto (VmtOptions) options = { .source = g_strdup ("camera") };
  g_auto (Result) result = { 0 };

  fake_media_register ();
  fake_media_plug ("Video/Source", "Device",
      "videotestsrc is-live=true ! identity error-after=10");
  fake_media_plug ("Audio/Source", "Device",
      "audiotestsrc is-live=true ! identity error-after=10");
  /* it lasts until the host ends it */
  result = run_until (has_gone_on, &options, VM_MEETING_MODE_HOST, "call");
  fail_unless_equals_int (result.status, 0);
  fail_unless (find_event (&result, "error") == NULL);
  fail_unless_equals_int (count_warnings (&result, "camera is lost"), 1);
  fail_unless_equals_int (count_warnings (&result, "microphone is lost"), 1);
}

GST_END_TEST;

static gboolean
has_joined (void)
{
  return has_told ("shown here") || has_told ("not shown: --view");
}

/* What is played, by default, is what a machine has. */
GST_START_TEST (test_played_by_default)
{
  static const struct
  {
    gboolean has, no_play, verbose;
    const gchar *says, *warns;
  } cases[] = {
    { FALSE, FALSE, FALSE, "The others are not shown here", NULL },
    { FALSE, FALSE, TRUE, "The others are not shown here",
        "No speaker was found; the others are not heard." },
    { FALSE, TRUE, TRUE, "The others are not shown here", NULL },
    { TRUE, FALSE, FALSE, "The others are heard here, and not shown", NULL },
    { TRUE, TRUE, FALSE, "The others are not shown here", NULL },
  };

  fake_media_register ();
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (VmtOptions)
        options = { .no_play = cases[i].no_play, .verbose = cases[i].verbose };
    g_auto (Result) result = { 0 };

    if (cases[i].has && !cases[i - 1].has)
      fake_media_plug ("Audio/Sink", "Box", "fakesink sync=true");
    if (cases[i].has && !cases[i].no_play)
      options.speaker = g_strdup ("Box");
    result = run_as_until (
        has_joined, FALSE, &options, VM_MEETING_MODE_HOST, "call");
    fail_unless (strstr (result.text, cases[i].says), "%u: %s", i, result.text);
    if (cases[i].warns)
      fail_unless (
          strstr (result.errors, cases[i].warns), "%u: %s", i, result.errors);
    else
      fail_unless_equals_string (result.errors, "");
  }
}

GST_END_TEST;

/* Their drivers have no deadline; the launcher has one. */
GST_START_TEST (test_devices_that_hang)
{
  g_auto (VmtOptions)
      options = { .duration = 20, .source = g_strdup ("camera") };
  g_auto (Result) result = { 0 };

  hang_register ();
  fake_media_register ();
  fake_media_plug ("Video/Source", "Device", "hang");
  fake_media_plug ("Audio/Source", "Device", "hang");
  result = run (&options, VM_MEETING_MODE_HOST, "ends");
  fail_unless_equals_int (result.status, 0);
  fail_unless_equals_int (count_warnings (&result, "does not answer"), 2);
  fail_unless_equals_int (count_warnings (&result, "No camera was found"), 1);
  fail_unless_equals_int (
      count_warnings (&result, "No microphone was found"), 1);
  fail_unless (hang_release ());
}

GST_END_TEST;

static Suite *
tool_session_suite (void)
{
  Suite *s = suite_create ("tool-session");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, fake_signal_bin_register, NULL);
  tcase_add_test (tc, test_call);
  tcase_add_test (tc, test_audio_only);
  tcase_add_test (tc, test_answered_too_late);
  tcase_add_test (tc, test_crossing_call_given_up);
  tcase_add_test (tc, test_call_disturbed_by_another);
  tcase_add_test (tc, test_registered_too_late);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_refused_is_all_that_is_told);
  tcase_add_test (tc, test_not_found);
  tcase_add_test (tc, test_not_taken_for_a_device);
  tcase_add_test (tc, test_named_by_uri);
  tcase_add_test (tc, test_what_to_do_next);
  tcase_add_test (tc, test_never_joined);
  tcase_add_test (tc, test_no_network);
  tcase_add_test (tc, test_host_ends);
  tcase_add_test (tc, test_duration);
  tcase_add_test (tc, test_participant_leaves);
  tcase_add_test (tc, test_host_leaves);
  tcase_add_test (tc, test_burst);
  tcase_add_test (tc, test_recording_fails);
  tcase_add_test (tc, test_interrupt);
  tcase_add_test (tc, test_bad_source);
  tcase_add_test (tc, test_unplugged);
  tcase_add_test (tc, test_played_by_default);
  tcase_add_test (tc, test_devices_that_hang);
  return s;
}

CHECK_PROGRAM (tool_session)
