/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/media/mediacall.h"
#include "session/session.h"
#include "support/fakesignalbin.h"
#include "support/media/fakemedia.h"

#include <gst/check/gstcheck.h>
#include <signal.h>
#include <unistd.h>

void
plug_all (void)
{
  fake_media_register ();
  fake_media_plug (CAMERA, "White camera", CAMERA_LINE (WHITE));
  fake_media_plug (CAMERA, "Grey camera", CAMERA_LINE (GREY));
  fake_media_plug (MICROPHONE, "Loud microphone", MICROPHONE_LINE (LOUD));
  fake_media_plug (MICROPHONE, "Soft microphone", MICROPHONE_LINE (SOFT));
}

gboolean
is_white (void)
{
  return fake_signal_bin_get_value (TRUE) > 200;
}

gboolean
is_grey (void)
{
  gint value = fake_signal_bin_get_value (TRUE);

  return value > 90 && value < 160;
}

gboolean
is_black (void)
{
  return fake_signal_bin_count (TRUE) > 0
         && fake_signal_bin_get_value (TRUE) < 40;
}

gboolean
is_loud (void)
{
  return fake_signal_bin_get_value (FALSE) > 0.5 * G_MAXINT16;
}

gboolean
is_soft (void)
{
  gint value = fake_signal_bin_get_value (FALSE);

  return value > 0.1 * G_MAXINT16 && value < 0.3 * G_MAXINT16;
}

gboolean
is_silent (void)
{
  return fake_signal_bin_count (FALSE) > 0
         && fake_signal_bin_get_value (FALSE) == 0;
}

void
result_clear (Result *result)
{
  free (result->text);
  free (result->errors);
}

static const Step *step;
static guint poll; /* source; 0: the user has left */
static gint keyboard; /* what is written to it is typed */
static FILE *out, *err;
static Result current;

gboolean
has_told (const gchar *part)
{
  fflush (out);
  return current.text && strstr (current.text, part);
}

gboolean
has_complained (const gchar *part)
{
  fflush (err);
  return current.errors && strstr (current.errors, part);
}

void
type (const gchar *line)
{
  fail_unless (write (keyboard, line, strlen (line)) == (gssize) strlen (line));
}

static gboolean
on_poll (gpointer user_data)
{
  if (step->until && !step->until ())
    return G_SOURCE_CONTINUE;
  if (step->until) {
    if (step->then)
      step->then ();
    step++;
    return G_SOURCE_CONTINUE;
  }
  raise (SIGINT);
  poll = 0;
  return G_SOURCE_REMOVE;
}

Result
run (VmtOptions *options, const Step *steps)
{
  gint fds[2], kept = dup (STDIN_FILENO);
  size_t out_size, err_size;
  VmtOutput *output;

  fail_unless (pipe (fds) == 0 && dup2 (fds[0], STDIN_FILENO) >= 0);
  keyboard = fds[1];
  current = (Result){ 0 };
  out = open_memstream (&current.text, &out_size);
  err = open_memstream (&current.errors, &err_size);
  output = vmt_output_new (out, err, FALSE);
  if (!options->source)
    options->source = g_strdup ("camera");
  if (!options->size)
    options->size = g_strdup ("64x36@30");
  options->duration = NEVER;
  step = steps;
  poll = g_timeout_add (10, on_poll, NULL);
  current.status = vmt_session_run (options, output, VM_MEETING_MODE_HOST,
      "call", NULL, g_get_monotonic_time ());
  if (poll)
    g_source_remove (poll);
  vmt_output_free (output);
  fclose (out);
  fclose (err);
  dup2 (kept, STDIN_FILENO);
  close (kept);
  close (fds[0]);
  close (fds[1]);
  fail_if (step->until, "step %d did not come: %s%s", (gint) (step - steps),
      current.text, current.errors);
  return current;
}

gboolean
is_white_and_loud (void)
{
  return is_white () && is_loud ();
}

gboolean
is_black_and_muted (void)
{
  return is_black () && fake_signal_bin_is_muted (TRUE);
}

gboolean
is_white_again (void)
{
  return is_white () && !fake_signal_bin_is_muted (TRUE);
}

void
unplug_camera (void)
{
  fake_media_unplug ("White camera", TRUE);
}

void
plug_camera (void)
{
  fake_media_plug (CAMERA, "White camera", CAMERA_LINE (WHITE));
}

Result
run_plugged (const Step *steps)
{
  g_auto (VmtOptions) options = { 0 };
  Result result;

  plug_all ();
  result = run (&options, steps);
  fail_unless_equals_int (result.status, 0);
  return result;
}
