/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The camera, microphone and speaker of a meeting: which they are, another one
 * in between, and what is unplugged and comes back. */

#include "session/session-priv.h"
#include "devices/slot-sink.h"

static const struct
{
  const gchar *mute; /* property of vmsignalbin; NULL: others do not notice */
  const gchar *lost, *none;
} texts[VMT_N_KINDS] = {
  [VMT_KIND_CAMERA] = { "mute-video", "no picture is sent",
      "No camera is used now; no picture is sent." },
  [VMT_KIND_MICROPHONE] = { "mute-audio", "no sound is sent",
      "No microphone is used now; no sound is sent." },
  [VMT_KIND_SPEAKER] = { NULL, "the others are not heard",
      "No speaker is used now; the others are not heard." },
};

static void
tell (VmtSession *self, VmtKind kind, const gchar *state, const gchar *name,
    const gchar *message)
{
  JsonObject *event = vmt_event_new ("media-device");

  vmt_event_add_string (event, "kind", vmt_kind_to_string (kind));
  vmt_event_add_string (event, "state", state);
  vmt_event_add_string (event, "name", name);
  vmt_event_add_string (event, "message", message);
  vmt_output_event (self->output, event);
}

/* Where it was not muted before: who is muted stays so. What the screen plays
 * is sent without a microphone. */
static void
mute_for_want (VmtSession *self, VmtKind kind)
{
  gboolean muted = TRUE;

  if (!texts[kind].mute || (kind == VMT_KIND_MICROPHONE && self->screen_sound))
    return;
  g_object_get (self->signalbin, texts[kind].mute, &muted, NULL);
  if (muted)
    return;
  self->uses[kind].muted = TRUE;
  g_object_set (self->signalbin, texts[kind].mute, TRUE, NULL);
  vmt_session_tell_muted (self);
}

static void
unmute (VmtSession *self, VmtKind kind)
{
  if (!self->uses[kind].muted)
    return;
  self->uses[kind].muted = FALSE;
  g_object_set (self->signalbin, texts[kind].mute, FALSE, NULL);
  vmt_session_tell_muted (self);
}

void
vmt_session_devices_muted (VmtSession *self, gboolean audio, gboolean video)
{
  if (audio)
    self->uses[VMT_KIND_MICROPHONE].muted = FALSE;
  if (video)
    self->uses[VMT_KIND_CAMERA].muted = FALSE;
}

void
vmt_session_devices_mixed (VmtSession *self, gboolean mixed)
{
  VmtSlot *slot = self->uses[VMT_KIND_MICROPHONE].slot;
  g_autofree gchar *name = slot ? vmt_slot_get_name (slot) : NULL;

  if (mixed)
    unmute (self, VMT_KIND_MICROPHONE);
  else if (slot && !name)
    mute_for_want (self, VMT_KIND_MICROPHONE);
}

/* What is plugged in and out */

static void
try_again (VmtSession *self, VmtKind kind)
{
  VmtDeviceUse *use = &self->uses[kind];
  g_autoptr (GPtrArray) list = vmt_devices_list (self->devices, kind);

  use->again = FALSE;
  for (guint i = 0; i < list->len; i++) {
    const VmtMediaDevice *device = g_ptr_array_index (list, i);

    if (use->wanted && !g_str_equal (use->wanted, device->name))
      continue;
    use->tries--;
    vmt_slot_use (use->slot, device);
    return;
  }
}

static void
on_plugged (const VmtMediaDevice *device, gboolean added, gpointer user_data)
{
  VmtSession *self = user_data;
  VmtDeviceUse *use = &self->uses[device->kind];

  if (!use->slot || self->leaving)
    return;
  if (!added) {
    vmt_slot_lose (use->slot, device->device, "It was unplugged.");
  } else if (use->waiting) {
    use->tries = VMT_RETURN_TRIES;
    try_again (self, device->kind);
  }
}

/* What is sent as a camera on the network, or NULL. */
static VmtRtsp *
get_rtsp (VmtSession *self)
{
  const VmtSource *source = self->sent[VMT_SENT_OWN].source;

  return source ? source->rtsp : NULL;
}

void
vmt_session_devices_tick (VmtSession *self)
{
  for (guint kind = 0; kind < VMT_N_KINDS; kind++)
    if (self->uses[kind].again)
      try_again (self, kind);
  if (get_rtsp (self) && !self->leaving)
    vmt_rtsp_tick (get_rtsp (self));
}

static void
on_lost (
    VmtSession *self, VmtKind kind, const gchar *name, const gchar *message)
{
  VmtDeviceUse *use = &self->uses[kind];
  const gchar *word = vmt_kind_to_string (kind);
  g_autofree gchar *text = g_strdup_printf (
      "The %s is lost, and %s until it is plugged in again or /%s names "
      "another one: %s",
      word, texts[kind].lost, word, message);

  use->waiting = TRUE;
  use->tries = 0;
  tell (self, kind, "lost", name, message);
  vmt_output_warning (self->output, NULL, text);
  mute_for_want (self, kind);
}

static void
on_used (VmtSession *self, VmtKind kind, const gchar *name)
{
  VmtDeviceUse *use = &self->uses[kind];
  g_autofree gchar *safe = vmt_text_safe (name);

  /* what stands in for what was lost is no news */
  if (!name && use->waiting)
    return;
  tell (self, kind, name ? "used" : "none", name, NULL);
  if (!name) {
    vmt_output_line (self->output, VMT_STYLE_PLAIN, "%s", texts[kind].none);
    return;
  }
  use->waiting = use->again = FALSE;
  g_free (use->wanted);
  use->wanted = g_strdup (name);
  vmt_output_line (self->output, VMT_STYLE_PLAIN, "The %s is “%s” now.",
      vmt_kind_to_string (kind), safe);
  unmute (self, kind);
}

static void
on_failed (
    VmtSession *self, VmtKind kind, const gchar *name, const gchar *message)
{
  VmtDeviceUse *use = &self->uses[kind];
  g_autofree gchar *safe = vmt_text_safe (name);
  g_autofree gchar *text = NULL;

  /* one that was just plugged in may not be ready yet */
  if (use->waiting && use->tries) {
    use->again = TRUE;
    return;
  }
  text = g_strdup_printf ("The %s “%s” cannot be used: %s",
      vmt_kind_to_string (kind), safe, message);
  tell (self, kind, "failed", name, message);
  vmt_output_warning (self->output, NULL, text);
}

/* It is not shared again by itself: the person would have to be asked. */
static void
on_screen_lost (VmtSession *self, const gchar *message)
{
  const VmtSource *own = self->sent[VMT_SENT_OWN].source;
  const VmtSource *shared = self->sent[VMT_SENT_SHARED].source;
  g_autofree gchar *text = NULL;

  /* it may be of a source that has gone */
  if (!(own && own->screen) && !(shared && shared->screen))
    return;
  tell (self, VMT_KIND_SCREEN, "lost", NULL, message);
  if (shared && shared->screen) {
    vmt_session_share_ended (self, message);
    return;
  }
  text = g_strdup_printf (
      "The screen is shared no more, and no picture is sent before /source "
      "screen asks for it again: %s",
      message);
  vmt_output_warning (self->output, NULL, text);
  mute_for_want (self, VMT_KIND_CAMERA);
}

void
vmt_session_device_changed (VmtSession *self, const GstStructure *s)
{
  const gchar *event = vmt_field (s, "event"), *name = vmt_field (s, "name");
  const gchar *message = vmt_field (s, "message");
  gint kind = 0;

  if (self->leaving || !gst_structure_get_int (s, "kind", &kind))
    return;
  if (kind == VMT_KIND_SCREEN) {
    if (g_strcmp0 (event, "lost") == 0)
      on_screen_lost (self, message);
    return;
  }
  /* it may be of a source that has gone */
  if (!self->uses[kind].slot)
    return;
  if (g_strcmp0 (event, "lost") == 0)
    on_lost (self, kind, name, message);
  else if (g_strcmp0 (event, "used") == 0)
    on_used (self, kind, name);
  else
    on_failed (self, kind, name, message);
}

/* Of a camera on the network there are picture and sound, or neither. */
void
vmt_session_rtsp_changed (VmtSession *self, const GstStructure *s)
{
  const gchar *name = vmt_field (s, "name"),
              *message = vmt_field (s, "message");
  gboolean lost = g_strcmp0 (vmt_field (s, "event"), "lost") == 0;
  VmtRtsp *rtsp = get_rtsp (self);
  g_autofree gchar *text = NULL;

  if (self->leaving || !rtsp)
    return;
  tell (self, VMT_KIND_CAMERA, lost ? "lost" : "used", name, message);
  if (lost) {
    text = g_strdup_printf ("Nothing of the camera is sent until it answers "
                            "again: %s",
        message);
    vmt_output_warning (self->output, NULL, text);
  } else {
    vmt_output_line (
        self->output, VMT_STYLE_PLAIN, "The camera %s is there again.", name);
  }
  for (guint i = VMT_KIND_CAMERA; i <= VMT_KIND_MICROPHONE; i++) {
    gboolean sent = i == VMT_KIND_CAMERA ? vmt_rtsp_has_video (rtsp)
                                         : vmt_rtsp_has_audio (rtsp);

    if (sent && lost)
      mute_for_want (self, i);
    else if (sent)
      unmute (self, i);
  }
}

/* What the user wants */

static void
show (VmtSession *self, VmtKind kind)
{
  g_autoptr (GPtrArray) list = vmt_devices_list (self->devices, kind);
  g_autofree gchar *used = vmt_slot_get_name (self->uses[kind].slot);

  if (!list->len)
    vmt_output_line (self->output, VMT_STYLE_PLAIN, "No %s is found.",
        vmt_kind_to_string (kind));
  for (guint i = 0; i < list->len; i++) {
    const VmtMediaDevice *device = g_ptr_array_index (list, i);
    g_autofree gchar *safe = vmt_text_safe (device->name);
    gboolean is_used = g_strcmp0 (used, device->name) == 0;

    tell (self, kind, is_used ? "used" : "there", device->name, NULL);
    vmt_output_line (self->output, VMT_STYLE_PLAIN, "  %s%s", safe,
        is_used ? " (used)" : "");
  }
}

static gboolean
has_place (VmtSession *self, VmtKind kind, GError **error)
{
  static const gchar *const missing[VMT_N_KINDS] = {
    [VMT_KIND_CAMERA] = "What is sent is no camera: --source camera sends one.",
    [VMT_KIND_MICROPHONE] = "What is sent is no microphone: --source camera "
                            "and screen send one.",
    [VMT_KIND_SPEAKER] =
        "The others are not played here: no speaker was found when "
        "this began, or --no-play was given.",
  };

  if (self->uses[kind].slot)
    return TRUE;
  g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_REQUEST, missing[kind]);
  return FALSE;
}

static gboolean
choose (VmtSession *self, VmtKind kind, const gchar *name, GError **error)
{
  VmtDeviceUse *use = &self->uses[kind];
  g_autoptr (VmtMediaDevice) device = NULL;
  g_autofree gchar *used = NULL;

  if (!has_place (self, kind, error))
    return FALSE;
  if (!*name) {
    show (self, kind);
    return TRUE;
  }
  if (g_ascii_strcasecmp (name, VMT_NO_DEVICE) == 0) {
    use->waiting = use->again = FALSE;
    mute_for_want (self, kind);
    vmt_slot_use (use->slot, NULL);
    return TRUE;
  }
  device = vmt_devices_find (self->devices, kind, name, error);
  if (!device)
    return FALSE;
  used = vmt_slot_get_name (use->slot);
  if (g_strcmp0 (used, device->name) == 0)
    on_used (self, kind, used);
  else
    vmt_slot_use (use->slot, device);
  return TRUE;
}

void
vmt_session_choose_device (VmtSession *self, VmtKind kind, const gchar *name)
{
  g_autoptr (GError) error = NULL;

  if (!choose (self, kind, name, &error))
    vmt_output_warning (self->output, NULL, error->message);
}

/* Beginning and end */

/* Takes @devices. */
static void
watch_devices (VmtSession *self, VmtDevices *devices)
{
  self->devices = devices;
  vmt_devices_watch (devices, on_plugged, self);
}

void
vmt_session_devices_open (VmtSession *self)
{
  const VmtOptions *options = self->options;

  if (vmt_session_delivers (self)
      || (!options->view && options->no_play
          && g_strcmp0 (options->source, "camera") != 0
          && g_strcmp0 (options->source, "screen") != 0))
    return;
  watch_devices (self, vmt_devices_new ());
}

/* Begins to look after @slot, in which @name was asked for. */
static void
take_slot (VmtSession *self, VmtKind kind, VmtSlot *slot, const gchar *name)
{
  VmtDeviceUse *use = &self->uses[kind];
  g_autofree gchar *used = slot ? vmt_slot_get_name (slot) : NULL;
  gboolean none = g_strcmp0 (name, VMT_NO_DEVICE) == 0;

  use->slot = slot;
  if (!slot)
    return;
  if (g_strcmp0 (used, VMT_DEFAULT_SPEAKER) != 0)
    use->wanted = g_strdup (used);
  use->waiting = !used && !none;
  if (none)
    mute_for_want (self, kind);
}

gboolean
vmt_session_is_played (VmtSession *self)
{
  VmtSlot *slot = self->uses[VMT_KIND_SPEAKER].slot;
  g_autofree gchar *name = slot ? vmt_slot_get_name (slot) : NULL;

  return name != NULL;
}

static gboolean
has_speaker (VmtSession *self)
{
  g_autoptr (GPtrArray) list =
      vmt_devices_list (self->devices, VMT_KIND_SPEAKER);

  return list->len > 0;
}

/* A machine without any is most often meant to have none. */
static void
tell_note (VmtSession *self, const gchar *note, gboolean has)
{
  if (note && (has || self->options->verbose))
    vmt_output_warning (self->output, NULL, note);
}

static gboolean
make_grid (VmtSession *self, const gchar *name, gboolean none, GError **error)
{
  g_autoptr (VmtMediaDevice) device = NULL;

  if (name && !none
      && !(device =
               vmt_devices_find (self->devices, VMT_KIND_SPEAKER, name, error)))
    return FALSE;
  self->grid =
      vmt_grid_new (self->pipeline, self->options->view ? NULL : VMT_NO_WINDOW,
          none ? VMT_NO_SPEAKER : NULL, device, error);
  if (!self->grid)
    return FALSE;
  /* 0 where it is automatic */
  if (self->options->latency)
    vmt_grid_hold (self->grid,
        (guint) g_ascii_strtoull (self->options->latency, NULL, 10));
  take_slot (self, VMT_KIND_SPEAKER, vmt_grid_get_speaker (self->grid), name);
  return TRUE;
}

gboolean
vmt_session_make_grid (VmtSession *self, GError **error)
{
  const VmtOptions *options = self->options;
  const gchar *name = options->no_play ? VMT_NO_DEVICE : options->speaker;
  gboolean none = g_strcmp0 (name, VMT_NO_DEVICE) == 0;
  gboolean has = self->devices && has_speaker (self);

  if (vmt_session_delivers (self))
    return TRUE;
  if (!options->view && (none || (!has && !name))) {
    if (!none)
      tell_note (
          self, "No speaker was found; the others are not heard.", FALSE);
    return TRUE;
  }
  if (!make_grid (self, name, none, error))
    return FALSE;
  tell_note (self, vmt_grid_get_note (self->grid), has);
  return TRUE;
}

gchar *
vmt_session_get_screen_file (void)
{
  return g_build_filename (
      g_get_user_state_dir (), "videomeet", "screen", NULL);
}

void
vmt_session_tell_asking (VmtSession *self)
{
  tell (self, VMT_KIND_SCREEN, "asked", NULL, NULL);
  vmt_output_line (self->output, VMT_STYLE_PLAIN,
      "The desktop asks which screen or window to share, unless it remembers "
      "your last answer.");
}

static void
on_asking (gpointer user_data)
{
  vmt_session_tell_asking (user_data);
}

VmtSource *
vmt_session_make_source (VmtSession *self, GError **error)
{
  const VmtOptions *options = self->options;
  g_autofree gchar *remembered = vmt_session_get_screen_file ();
  VmtSourceChoice choice = { self->devices, options->camera,
    options->microphone, VMT_SIZE_DEFAULT };
  VmtSource *source;

  choice.portal = (VmtPortalConfig){
    .token_file = remembered, .asking = on_asking, .user_data = self
  };
  choice.screen_sound = options->screen_sound;
  if ((options->size && !vmt_size_parse (&choice.size, options->size, error))
      || (options->region
          && !vmt_region_parse (&choice.region, options->region, error)))
    return NULL;
  source =
      vmt_source_new (options->source, options->audio_only, &choice, error);
  if (!source)
    return NULL;
  take_slot (self, VMT_KIND_CAMERA, source->camera, options->camera);
  take_slot (
      self, VMT_KIND_MICROPHONE, source->microphone, options->microphone);
  return source;
}

/* What is no device of this machine. */
static void
close_source (const VmtSource *source)
{
  if (source->sound)
    vmt_screen_sound_close (source->sound);
  if (source->screen)
    vmt_slot_close (source->screen);
  if (source->rtsp)
    vmt_rtsp_close (source->rtsp);
}

void
vmt_session_devices_leave_source (VmtSession *self, VmtSent which)
{
  close_source (self->sent[which].source);
  if (which != VMT_SENT_OWN)
    return;
  for (guint kind = 0; kind < VMT_KIND_SPEAKER; kind++) {
    VmtDeviceUse *use = &self->uses[kind];

    if (use->slot)
      vmt_slot_close (use->slot);
    use->slot = NULL;
    use->waiting = use->again = FALSE;
    g_clear_pointer (&use->wanted, g_free);
  }
}

void
vmt_session_devices_take_source (
    VmtSession *self, VmtSource *source, VmtDevices *devices)
{
  const VmtOptions *options = self->options;

  if (!self->devices && devices)
    watch_devices (self, vmt_devices_ref (devices));
  /* what was muted for want of a device that is used no more */
  unmute (self, VMT_KIND_CAMERA);
  unmute (self, VMT_KIND_MICROPHONE);
  take_slot (self, VMT_KIND_CAMERA, source->camera, options->camera);
  take_slot (
      self, VMT_KIND_MICROPHONE, source->microphone, options->microphone);
}

void
vmt_session_devices_close (VmtSession *self)
{
  for (guint kind = 0; kind < VMT_N_KINDS; kind++)
    if (self->uses[kind].slot)
      vmt_slot_close (self->uses[kind].slot);
  for (guint i = 0; i < VMT_N_SENT; i++)
    if (self->sent[i].source)
      close_source (self->sent[i].source);
}

void
vmt_session_devices_clear (VmtSession *self)
{
  for (guint kind = 0; kind < VMT_N_KINDS; kind++)
    g_free (self->uses[kind].wanted);
  if (self->devices)
    vmt_devices_unwatch (self->devices);
  g_clear_pointer (&self->devices, vmt_devices_unref);
}
