/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cmd/transfer.h"

#include <gst/videomeet/videomeet.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define BAR 10 /* characters */
/* between two measurements of the speed */
#define LOOK_US (G_USEC_PER_SEC / 2)
#define SMOOTH 0.3 /* how much the last counts */

typedef struct
{
  guint64 size, done;
  VmTransferState state;
  gboolean full; /* a disk is */
  gboolean lost; /* the connection is */
} Figures;

static Figures
read_figures (const GstStructure *transfer)
{
  Figures f = { .state = VM_TRANSFER_STATE_PENDING };

  gst_structure_get (transfer, "size", G_TYPE_UINT64, &f.size, "done",
      G_TYPE_UINT64, &f.done, "state", VM_TYPE_TRANSFER_STATE, &f.state, NULL);
  gst_structure_get_boolean (transfer, "lost", &f.lost);
  f.full =
      f.state == VM_TRANSFER_STATE_PAUSED
      && g_strcmp0 (gst_structure_get_string (transfer, "reason"), "full") == 0;
  return f;
}

JsonObject *
vmt_transfer_event (const GstStructure *transfer)
{
  static const gchar *const strings[] = { "direction", "transferId", "filename",
    "from", "user", "receiver", "queue", "lane", "address", "reason", "code",
    "message", "savedPath" };
  JsonObject *event = vmt_event_new ("transfer");
  Figures f = read_figures (transfer);
  guint64 sent;
  guint number;

  for (guint i = 0; i < G_N_ELEMENTS (strings); i++)
    vmt_event_add_string (
        event, strings[i], gst_structure_get_string (transfer, strings[i]));
  vmt_event_add_string (event, "state", vm_transfer_state_to_string (f.state));
  json_object_set_int_member (event, "size", (gint64) f.size);
  json_object_set_int_member (event, "done", (gint64) f.done);
  if (gst_structure_get_uint64 (transfer, "sent", &sent))
    json_object_set_int_member (event, "sent", (gint64) sent);
  if (f.lost)
    json_object_set_boolean_member (event, "lost", TRUE);
  if (gst_structure_get_uint (transfer, "entry", &number))
    json_object_set_int_member (event, "number", number);
  return event;
}

gchar *
vmt_transfer_name (const GstStructure *transfer)
{
  g_autofree gchar *safe =
      vmt_text_safe (gst_structure_get_string (transfer, "filename"));

  return vmt_text_cut (safe, VMT_FILE_NAME_MAX);
}

static gchar *
bar_of (const Figures *f)
{
  guint full = f->size ? (guint) (f->done * BAR / f->size) : 0;
  GString *bar = g_string_new (NULL);

  for (guint i = 0; i < BAR; i++)
    g_string_append (bar, i < full ? "█" : "░");
  return g_string_free (bar, FALSE);
}

/* While it stands its clock does. */
static gint64
passed_of (const VmtRate *rate)
{
  gint64 now = rate->stands ? rate->stands : g_get_monotonic_time ();

  return rate->since ? now - rate->since : 0;
}

static void
measure (VmtRate *rate, guint64 done, gint64 now)
{
  gdouble speed;

  if (now - rate->looked < LOOK_US)
    return;
  speed = done > rate->then ? (gdouble) (done - rate->then) * G_USEC_PER_SEC
                                  / (now - rate->looked)
                            : 0;
  rate->speed =
      rate->speed > 0 ? rate->speed + SMOOTH * (speed - rate->speed) : speed;
  rate->looked = now;
  rate->then = done;
}

void
vmt_transfer_follow (const GstStructure *transfer, VmtRate *rate)
{
  Figures f = read_figures (transfer);
  gint64 now = g_get_monotonic_time ();

  if ((f.state == VM_TRANSFER_STATE_PAUSED || f.lost) && rate->since
      && !rate->stands)
    rate->stands = now;
  if (f.state == VM_TRANSFER_STATE_PENDING
      || f.state == VM_TRANSFER_STATE_PAUSED || f.lost)
    return;
  rate->warned = FALSE;
  if (rate->stands) {
    rate->since += now - rate->stands;
    rate->stands = 0;
    rate->looked = now;
    rate->then = f.done;
  }
  if (f.state != VM_TRANSFER_STATE_TRANSFERRING)
    return;
  if (!rate->since) {
    rate->since = rate->looked = now;
    rate->before = rate->then = f.done;
  }
  measure (rate, f.done, now);
}

static gdouble
rate_of (const VmtRate *rate, guint64 done)
{
  gint64 passed = passed_of (rate);

  if (passed <= 0 || done <= rate->before)
    return 0;
  return (gdouble) (done - rate->before) * G_USEC_PER_SEC / passed;
}

static gchar *
speed_of (const Figures *f, const VmtRate *rate)
{
  gdouble speed = rate->speed > 0 ? rate->speed : rate_of (rate, f->done);
  g_autofree gchar *text = g_format_size ((guint64) speed);
  g_autofree gchar *left =
      speed > 0 ? vmt_text_time ((gint64) ((f->size - f->done) / speed))
                : g_strdup ("--:--");

  return g_strdup_printf ("%s/s  %s left", text, left);
}

static gboolean
is_sent (const GstStructure *transfer)
{
  return g_strcmp0 (gst_structure_get_string (transfer, "direction"), "send")
         == 0;
}

static const gchar *
lost_of (const GstStructure *transfer)
{
  return is_sent (transfer) ? "the device does not answer"
                            : "the sender is gone";
}

static const gchar *
full_of (const GstStructure *transfer)
{
  return is_sent (transfer) ? "the disk there is full" : "the disk is full";
}

/* Before it has begun. */
static const gchar *
wait_of (const GstStructure *transfer, const Figures *f)
{
  const gchar *queue = gst_structure_get_string (transfer, "queue");

  if (g_strcmp0 (queue, "resting") == 0)
    return "is begun again";
  if (f->lost)
    return lost_of (transfer);
  /* what a meeting carries needs no connection of its own */
  if (queue && !gst_structure_has_field (transfer, "lane"))
    return "connects";
  return "waits for an answer";
}

gchar *
vmt_transfer_warning (const GstStructure *transfer, VmtRate *rate)
{
  Figures f = read_figures (transfer);
  g_autofree gchar *name = vmt_transfer_name (transfer);

  if (!f.full || rate->warned)
    return NULL;
  rate->warned = TRUE;
  return g_strdup_printf ("%s waits for room: %s.", name, full_of (transfer));
}

gchar *
vmt_transfer_progress (const GstStructure *transfer, VmtRate *rate)
{
  Figures f = read_figures (transfer);
  g_autofree gchar *safe = vmt_transfer_name (transfer);
  g_autofree gchar *name = vmt_text_cut (safe, VMT_PROGRESS_NAME_MAX);
  g_autofree gchar *bar = bar_of (&f);
  g_autofree gchar *what = NULL;

  vmt_transfer_follow (transfer, rate);
  if (f.state == VM_TRANSFER_STATE_PENDING)
    return g_strdup_printf ("%s  %s", name, wait_of (transfer, &f));
  if (f.lost)
    what = g_strdup (lost_of (transfer));
  else if (f.state == VM_TRANSFER_STATE_TRANSFERRING)
    what = speed_of (&f, rate);
  else if (f.state == VM_TRANSFER_STATE_PAUSED)
    what = g_strdup (f.full ? full_of (transfer) : "paused");
  else
    what = g_strdup ("is verified");
  return g_strdup_printf ("%s  %s  %3u %%  %s", name, bar,
      f.size ? (guint) (f.done * 100 / f.size) : 100, what);
}

/* Names the transport where a user should know it. Between two devices that
 * reach each other by the network alone it is left out. */
static const gchar *
lane_of (const GstStructure *transfer)
{
  static const gchar *const lanes[][2] = { { "data-channel", " over the call" },
    { "link", " over a link" } };
  const gchar *lane = gst_structure_get_string (transfer, "lane");

  for (guint i = 0; lane && i < G_N_ELEMENTS (lanes); i++)
    if (strcmp (lane, lanes[i][0]) == 0)
      return lanes[i][1];
  return "";
}

/* "00:14 (21.3 MB/s)"; what is over at once has no rate that says anything. */
static gchar *
time_of (const Figures *f, const VmtRate *rate)
{
  gint64 passed = passed_of (rate);
  g_autofree gchar *speed = NULL;
  g_autofree gchar *time = NULL;

  if (passed < G_USEC_PER_SEC)
    return g_strdup ("less than a second");
  speed = g_format_size ((guint64) rate_of (rate, f->size));
  time = vmt_text_time (passed / G_USEC_PER_SEC);
  return g_strdup_printf ("%s (%s/s)", time, speed);
}

/* ", resumed at 51 %", where it was begun before. */
static gchar *
begun_of (const Figures *f, const VmtRate *rate)
{
  if (!rate->before || !f->size)
    return g_strdup ("");
  return g_strdup_printf (
      ", resumed at %u %%", (guint) (rate->before * 100 / f->size));
}

gchar *
vmt_transfer_result (
    const GstStructure *transfer, const VmtRate *rate, gboolean *good)
{
  Figures f = read_figures (transfer);
  g_autofree gchar *name = vmt_transfer_name (transfer);
  g_autofree gchar *size = g_format_size (f.size);
  g_autofree gchar *path =
      vmt_text_safe (gst_structure_get_string (transfer, "savedPath"));
  g_autofree gchar *time = time_of (&f, rate);
  g_autofree gchar *begun = begun_of (&f, rate);
  gboolean renamed =
      *path
      && g_strcmp0 (path, gst_structure_get_string (transfer, "filename")) != 0;

  *good = f.state == VM_TRANSFER_STATE_COMPLETED;
  if (*good)
    return g_strdup_printf ("%s: %s, verified, in %s%s%s%s%s", name, size, time,
        lane_of (transfer), begun, renamed ? ", as " : "", renamed ? path : "");
  if (f.state == VM_TRANSFER_STATE_FAILED) {
    g_autofree gchar *why =
        vmt_text_safe (gst_structure_get_string (transfer, "message"));

    return g_strdup_printf ("%s: %s", name, why);
  }
  return NULL;
}

gchar *
vmt_transfer_kept (const GstStructure *transfer)
{
  Figures f = read_figures (transfer);
  const gchar *code = gst_structure_get_string (transfer, "code");
  VmError error = VM_ERROR_FAILED;

  vm_error_from_code (code, &error);
  if (f.state != VM_TRANSFER_STATE_FAILED || !f.done || f.done > f.size
      || (error != VM_ERROR_DISCONNECTED && error != VM_ERROR_TIMEOUT))
    return g_strdup ("");
  return g_strdup_printf ("; %u %% is kept for when it is sent again",
      (guint) (f.done * 100 / f.size));
}

gboolean
vmt_transfer_make_folder (const gchar *folder, GError **error)
{
  g_autofree gchar *safe = vmt_text_safe (folder);
  gint reason;

  if (g_mkdir_with_parents (folder, 0700) == 0
      && g_access (folder, W_OK | X_OK) == 0)
    return TRUE;
  reason = errno;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (reason),
      "No files can be received in %s: %s.", safe, g_strerror (reason));
  return FALSE;
}
