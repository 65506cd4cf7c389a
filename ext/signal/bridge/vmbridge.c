/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bridge/vmbridge-priv.h"
#include "plugin/plugin.h"

#include <gst/videomeet/videomeet.h>

#include <string.h>

#define GST_CAT_DEFAULT vm_signal_debug

#define TICK_MS 200
/* Elements that say goodbye; they do so side by side. */
#define STOP_US (15 * G_TIME_SPAN_SECOND)

G_DEFINE_FINAL_TYPE (VmBridge, vm_bridge, G_TYPE_OBJECT)

static G_DEFINE_QUARK (vm - bridge - role, bridge_role);

static void
vm_bridge_finalize (GObject *object)
{
  VmBridge *self = VM_BRIDGE (object);

  g_clear_pointer (&self->mailbox, vm_mailbox_free);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  vm_bridge_roster_free (self->roster);
  g_ptr_array_unref (self->guests);
  g_ptr_array_unref (self->publishers);
  g_ptr_array_unref (self->streams);
  g_hash_table_unref (self->barred);
  g_free (self->uri);
  g_free (self->user);
  g_free (self->pin);
  g_free (self->api_secret);
  g_free (self->token);
  g_free (self->id);
  g_free (self->meeting);
  g_free (self->meeting_id);
  g_free (self->link);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
  G_OBJECT_CLASS (vm_bridge_parent_class)->finalize (object);
}

static void
vm_bridge_class_init (VmBridgeClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = vm_bridge_finalize;
}

static void
vm_bridge_init (VmBridge *self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  self->roster = vm_bridge_roster_new ();
  self->guests = g_ptr_array_new_with_free_func (vm_bridge_guest_free);
  self->publishers = g_ptr_array_new_with_free_func (vm_bridge_publisher_free);
  self->streams = g_ptr_array_new_with_free_func (vm_bridge_stream_free);
  self->barred = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

/* Elements */

GstElement *
vm_bridge_make (VmBridge *self, const gchar *role)
{
  g_autofree gchar *name = g_strdup_printf ("%s-%u", role, ++self->made);
  GstElement *element = gst_element_factory_make ("vmsignalbin", name);

  g_object_set_qdata (
      G_OBJECT (element), bridge_role_quark (), (gpointer) "bridge");
  g_object_set (element, "decode", FALSE, NULL);
  gst_element_set_locked_state (element, TRUE);
  gst_bin_add (self->bin, element);
  return element;
}

void
vm_bridge_run (VmBridge *self, GstElement *element)
{
  gst_element_set_locked_state (element, FALSE);
  gst_element_sync_state_with_parent (element);
}

typedef struct
{
  VmBridge *bridge;
  GstElement *element;
} Closing;

static void
closing_free (gpointer data)
{
  Closing *closing = data;
  VmBridge *self = closing->bridge;

  g_mutex_lock (&self->lock);
  self->closing--;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
  gst_object_unref (closing->element);
  g_object_unref (self);
  g_free (closing);
}

static void
close_element (GstElement *bin, gpointer data)
{
  Closing *closing = data;

  gst_element_set_state (closing->element, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (bin), closing->element);
}

void
vm_bridge_close_element (VmBridge *self, GstElement **element)
{
  Closing *closing;

  if (!*element)
    return;
  closing = g_new (Closing, 1);
  *closing = (Closing){ g_object_ref (self), g_steal_pointer (element) };
  g_mutex_lock (&self->lock);
  self->closing++;
  g_mutex_unlock (&self->lock);
  gst_element_set_locked_state (closing->element, TRUE);
  gst_element_call_async (
      GST_ELEMENT (self->bin), close_element, closing, closing_free);
}

/* What it tells */

void
vm_bridge_tell (VmBridge *self, const gchar *event, const gchar *user,
    const gchar *message, const gchar *code)
{
  GstStructure *s = gst_structure_new ("vm-bridge", "event", G_TYPE_STRING,
      event, "uri", G_TYPE_STRING, self->uri, NULL);

  if (user)
    gst_structure_set (s, "user", G_TYPE_STRING, user, NULL);
  if (message)
    gst_structure_set (s, "message", G_TYPE_STRING, message, NULL);
  if (code)
    gst_structure_set (s, "code", G_TYPE_STRING, code, NULL);
  self->funcs->post (self->bin, s);
}

gchar *
vm_bridge_mark (VmBridge *self, const gchar *user, const gchar *id)
{
  return VM_PLUGIN (vm_janus_mark_add) (user, self->meeting_id, id);
}

static void
set_role (VmBridge *self, VmBridgeRole role)
{
  self->unable = role == VM_BRIDGE_ROLE_NO;
  vm_bridge_roster_set_own_role (self->roster, role);
  self->funcs->tell_role (self->bin, vm_bridge_role_to_word (role));
}

/* The room */

typedef struct
{
  VmBridge *bridge;
  GstPad *pad;
  gboolean added;
} PadRef;

static void
pad_ref_free (gpointer data)
{
  PadRef *ref = data;

  g_object_unref (ref->bridge);
  gst_object_unref (ref->pad);
  g_free (ref);
}

static gboolean
take_pad (gpointer user_data)
{
  PadRef *ref = user_data;

  if (ref->added)
    vm_bridge_link_guest (ref->bridge, ref->pad);
  else
    vm_bridge_unlink_guest (ref->bridge, ref->pad);
  return G_SOURCE_REMOVE;
}

static void
post_pad (VmBridge *self, GstPad *pad, gboolean added)
{
  PadRef *ref = g_new (PadRef, 1);

  if (!GST_PAD_IS_SRC (pad)) {
    g_free (ref);
    return;
  }
  *ref = (PadRef){ g_object_ref (self), gst_object_ref (pad), added };
  vm_mailbox_post (self->mailbox, take_pad, ref, pad_ref_free);
}

static void
on_pad_added (GstElement *room, GstPad *pad, VmBridge *self)
{
  post_pad (self, pad, TRUE);
}

static void
on_pad_removed (GstElement *room, GstPad *pad, VmBridge *self)
{
  post_pad (self, pad, FALSE);
}

static void
open_room (VmBridge *self)
{
  g_autofree gchar *name = vm_bridge_mark (self, self->user, self->id);

  self->state = VM_BRIDGE_OPENING;
  self->room = gst_object_ref (vm_bridge_make (self, "room"));
  g_object_set (self->room, "uri", self->uri, "user", name, "pin", self->pin,
      "api-secret", self->api_secret, "cap-token", self->token, "make-room",
      self->make_room, NULL);
  g_signal_connect_object (
      self->room, "pad-added", G_CALLBACK (on_pad_added), self, 0);
  g_signal_connect_object (
      self->room, "pad-removed", G_CALLBACK (on_pad_removed), self, 0);
  vm_bridge_run (self, self->room);
}

static void
close_room (VmBridge *self)
{
  if (self->state == VM_BRIDGE_OPEN) {
    self->funcs->listen (self->bin, self, FALSE);
    vm_bridge_tell (self, "closed", NULL, NULL, NULL);
  }
  self->state = VM_BRIDGE_IDLE;
  self->lost_at = 0;
  if (self->room)
    g_signal_handlers_disconnect_by_data (self->room, self);
  vm_bridge_drop_publishers (self);
  vm_bridge_drop_guests (self);
  vm_bridge_close_element (self, &self->room);
}

/* Whoever is the bridge meanwhile stays it until this device has reached the
 * room. */
static gboolean
on_paused (gpointer data)
{
  VmBridge *self = data;

  vm_timer_clear (&self->pause);
  self->state = VM_BRIDGE_IDLE;
  vm_bridge_roster_set_own_role (self->roster, self->role);
  if (!vm_bridge_roster_is_bridge (self->roster, g_get_monotonic_time ()))
    set_role (self, self->role);
  return G_SOURCE_REMOVE;
}

static void
fail_room (VmBridge *self, const GError *error, const gchar *code)
{
  close_room (self);
  vm_bridge_tell (self, "failed", NULL, error->message, code);
  set_role (self, VM_BRIDGE_ROLE_NO);
  self->state = VM_BRIDGE_PAUSED;
  self->pause =
      vm_timer_new (self->context, VM_BRIDGE_PAUSE_MS, on_paused, self);
}

static void
give_way (VmBridge *self)
{
  g_autoptr (GError) error = g_error_new_literal (
      VM_ERROR, VM_ERROR_DISCONNECTED, "The connection to the cloud was lost.");

  fail_room (self, error, "DISCONNECTED");
}

static void
look (VmBridge *self, gint64 now)
{
  gboolean wanted =
      self->meeting_id && vm_bridge_roster_is_bridge (self->roster, now);

  if (wanted && self->state == VM_BRIDGE_IDLE)
    open_room (self);
  else if (!wanted
           && (self->state == VM_BRIDGE_OPENING
               || self->state == VM_BRIDGE_OPEN))
    close_room (self);
  if (self->state != VM_BRIDGE_OPEN)
    return;
  if (vm_bridge_roster_gives_way (self->roster, self->lost_at, now)) {
    give_way (self);
    return;
  }
  vm_bridge_try_guests (self, now);
  vm_bridge_try_publishers (self, now);
}

static gboolean
on_tick (gpointer data)
{
  look (data, g_get_monotonic_time ());
  return G_SOURCE_CONTINUE;
}

static void
take_room_joined (VmBridge *self)
{
  if (self->state != VM_BRIDGE_OPENING)
    return;
  self->state = VM_BRIDGE_OPEN;
  if (self->unable)
    set_role (self, self->role);
  self->funcs->listen (self->bin, self, TRUE);
  vm_bridge_tell (self, "opened", NULL, NULL, NULL);
}

static void
take_of_room (VmBridge *self, const GstStructure *s)
{
  const gchar *name = gst_structure_get_name (s);

  if (strcmp (name, "vm-joined") == 0)
    take_room_joined (self);
  else if (strcmp (name, "vm-participant-joined") == 0)
    vm_bridge_add_guest (self, s);
  else if (strcmp (name, "vm-participant-left") == 0)
    vm_bridge_remove_guest (self, gst_structure_get_string (s, "id"));
  else if (strcmp (name, "vm-host-lost") == 0)
    self->lost_at = g_get_monotonic_time ();
  else if (strcmp (name, "vm-host-returned") == 0)
    self->lost_at = 0;
}

/* What the meeting tells */

static void
take_joined (VmBridge *self, const GstStructure *s)
{
  const gchar *id = gst_structure_get_string (s, "id");

  if (!id)
    return;
  close_room (self);
  g_ptr_array_set_size (self->publishers, 0);
  g_free (self->id);
  self->id = g_strdup (id);
  g_free (self->link);
  self->link = g_strdup (gst_structure_get_string (s, "link"));
  vm_bridge_roster_begin (self->roster, id, g_get_monotonic_time ());
  vm_bridge_add_publisher (self, id, self->user);
}

static void
take_state (VmBridge *self, const GstStructure *s)
{
  const gchar *link = gst_structure_get_string (s, "link");

  g_free (self->meeting_id);
  self->meeting_id = g_strdup (gst_structure_get_string (s, "id"));
  g_free (self->meeting);
  self->meeting = g_strdup (gst_structure_get_string (s, "name"));
  if (!link)
    return;
  g_free (self->link);
  self->link = g_strdup (link);
}

/* Participants of the cloud are there already. */
static void
take_newcomer (VmBridge *self, const GstStructure *s)
{
  const gchar *id = gst_structure_get_string (s, "id");

  if (!id || gst_structure_get_string (s, "origin-id"))
    return;
  vm_bridge_roster_add (self->roster, id);
  vm_bridge_add_publisher (self, id, gst_structure_get_string (s, "user"));
}

static void
take_departure (VmBridge *self, const GstStructure *s)
{
  const gchar *id = gst_structure_get_string (s, "id");

  if (!id)
    return;
  vm_bridge_roster_remove (self->roster, id);
  vm_bridge_remove_publisher (self, id);
}

/* Newcomers join at the new host. */
static void
take_host (VmBridge *self, const GstStructure *s)
{
  g_free (self->link);
  self->link = g_strdup (gst_structure_get_string (s, "link"));
}

static void
take_role (VmBridge *self, const GstStructure *s)
{
  const gchar *id = gst_structure_get_string (s, "id");
  const gchar *word = gst_structure_get_string (s, "role");

  if (id && word)
    vm_bridge_roster_set_role (
        self->roster, id, vm_bridge_role_from_word (word));
}

static void
take_heartbeat (VmBridge *self, const GstStructure *s)
{
  const gchar *id = gst_structure_get_string (s, "id");
  gboolean beats = TRUE;

  gst_structure_get_boolean (s, "beats", &beats);
  if (id)
    vm_bridge_roster_set_heartbeat (
        self->roster, id, beats, g_get_monotonic_time ());
}

static const struct
{
  const gchar *name;
  void (*take) (VmBridge *self, const GstStructure *s);
} news[] = {
  { "vm-joined", take_joined },
  { "vm-meeting-state-changed", take_state },
  { "vm-participant-joined", take_newcomer },
  { "vm-participant-left", take_departure },
  { "vm-bridge-role", take_role },
  { "vm-heartbeat-changed", take_heartbeat },
  { "vm-host-changed", take_host },
};

typedef struct
{
  VmBridge *bridge;
  GstElement *element; /* NULL: the meeting's own */
  GstStructure *structure; /* or NULL */
  GError *error;
  gboolean warning; /* as which it came */
  gchar *code;
} News;

static void
news_free (gpointer data)
{
  News *one = data;

  g_object_unref (one->bridge);
  gst_clear_object (&one->element);
  g_clear_pointer (&one->structure, gst_structure_free);
  g_clear_error (&one->error);
  g_free (one->code);
  g_free (one);
}

static void
take_error (VmBridge *self, const News *one)
{
  if (one->warning)
    vm_bridge_tell (self, "warning", NULL, one->error->message, NULL);
  else if (one->element == self->room)
    fail_room (self, one->error, one->code);
  else if (!vm_bridge_fail_guest (self, one->element, one->error, one->code))
    vm_bridge_fail_publisher (self, one->element, one->error);
}

static gboolean
take_news (gpointer user_data)
{
  const News *one = user_data;
  VmBridge *self = one->bridge;

  if (one->error) {
    take_error (self, one);
  } else if (one->element) {
    if (one->element == self->room)
      take_of_room (self, one->structure);
  } else {
    for (guint i = 0; i < G_N_ELEMENTS (news); i++) {
      if (gst_structure_has_name (one->structure, news[i].name))
        news[i].take (self, one->structure);
    }
    look (self, g_get_monotonic_time ());
  }
  return G_SOURCE_REMOVE;
}

void
vm_bridge_take (VmBridge *self, const GstStructure *structure)
{
  for (guint i = 0; i < G_N_ELEMENTS (news); i++) {
    News *one;

    if (!gst_structure_has_name (structure, news[i].name))
      continue;
    one = g_new0 (News, 1);
    one->bridge = g_object_ref (self);
    one->structure = gst_structure_copy (structure);
    vm_mailbox_post (self->mailbox, take_news, one, news_free);
    return;
  }
}

/* The element of a bridge that @object is in, or NULL; (transfer full). */
static GstElement *
find_element (GstBin *bin, GstObject *object)
{
  g_autoptr (GstObject) at = object ? gst_object_ref (object) : NULL;

  while (at && at != GST_OBJECT (bin)) {
    GstObject *parent;

    if (g_object_get_qdata (G_OBJECT (at), bridge_role_quark ()))
      return GST_ELEMENT (g_steal_pointer (&at));
    parent = gst_object_get_parent (at);
    gst_object_unref (at);
    at = parent;
  }
  return NULL;
}

static gchar *
read_code (GstMessage *message)
{
  const GstStructure *details = NULL;

  gst_message_parse_error_details (message, &details);
  return details ? g_strdup (gst_structure_get_string (details, "code")) : NULL;
}

/* On the thread of an element of the bridge: whoever is told may stop that
 * element, so this is told on the bridge's own. */
static void
post_message (VmBridge *self, GstElement *element, GstMessage *message)
{
  News *one = g_new0 (News, 1);

  one->bridge = g_object_ref (self);
  one->element = gst_object_ref (element);
  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ERROR:
      gst_message_parse_error (message, &one->error, NULL);
      one->code = read_code (message);
      break;
    case GST_MESSAGE_WARNING:
      gst_message_parse_warning (message, &one->error, NULL);
      one->warning = TRUE;
      break;
    default:
      one->structure = gst_structure_copy (gst_message_get_structure (message));
  }
  vm_mailbox_post (self->mailbox, take_news, one, news_free);
}

gboolean
vm_bridge_take_message (VmBridge *self, GstBin *bin, GstMessage *message)
{
  g_autoptr (GstElement) element =
      find_element (bin, GST_MESSAGE_SRC (message));

  if (!element)
    return FALSE;
  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ELEMENT:
    case GST_MESSAGE_ERROR:
    case GST_MESSAGE_WARNING:
      if (self)
        post_message (self, element, message);
      return TRUE;
    case GST_MESSAGE_INFO:
    case GST_MESSAGE_EOS:
    case GST_MESSAGE_TAG:
      return TRUE;
    default:
      return FALSE;
  }
}

/* Its life */

static gpointer
run (gpointer user_data)
{
  VmBridge *self = user_data;

  g_main_context_push_thread_default (self->context);
  g_main_loop_run (self->loop);
  g_main_context_pop_thread_default (self->context);
  if (self->left_alone) {
    vm_mailbox_close (self->mailbox);
    gst_object_unref (self->bin);
    g_object_unref (self);
  }
  return NULL;
}

static gboolean
start (gpointer user_data)
{
  VmBridge *self = user_data;

  set_role (self, self->role);
  self->tick = vm_timer_new (self->context, TICK_MS, on_tick, self);
  return G_SOURCE_REMOVE;
}

VmBridge *
vm_bridge_new (
    GstBin *bin, const VmBridgeConfig *config, const VmBridgeFuncs *funcs)
{
  VmBridge *self = g_object_new (VM_TYPE_BRIDGE, NULL);

  self->bin = bin;
  self->funcs = funcs;
  self->uri = g_strdup (config->uri);
  self->user = g_strdup (config->user);
  self->pin = g_strdup (config->pin);
  self->api_secret = g_strdup (config->api_secret);
  self->token = g_strdup (config->token);
  self->make_room = config->make_room;
  self->role = config->chosen ? VM_BRIDGE_ROLE_CHOSEN : VM_BRIDGE_ROLE_ABLE;
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->mailbox = vm_mailbox_new (self->context);
  self->thread = g_thread_new ("vm-bridge", run, self);
  vm_mailbox_post (self->mailbox, start, self, NULL);
  return self;
}

static gboolean
finish (gpointer user_data)
{
  VmBridge *self = user_data;

  vm_timer_clear (&self->tick);
  vm_timer_clear (&self->pause);
  close_room (self);
  g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

/* From a handler of what the bridge tells: nobody can wait for the thread that
 * this is, so that it ends by itself, with the bridge and its elements. */
static void
leave_alone (VmBridge *self)
{
  self->left_alone = TRUE;
  g_object_ref (self);
  gst_object_ref (self->bin);
  g_thread_unref (g_steal_pointer (&self->thread));
}

void
vm_bridge_stop (VmBridge *self)
{
  gint64 end = g_get_monotonic_time () + STOP_US;

  g_mutex_lock (&self->lock);
  self->stopped = TRUE;
  g_mutex_unlock (&self->lock);
  vm_mailbox_post (self->mailbox, finish, self, NULL);
  if (self->thread == g_thread_self ()) {
    leave_alone (self);
    return;
  }
  g_thread_join (g_steal_pointer (&self->thread));
  /* what waits in it has a reference to this */
  vm_mailbox_close (self->mailbox);
  g_mutex_lock (&self->lock);
  while (self->closing && g_cond_wait_until (&self->cond, &self->lock, end))
    continue;
  if (self->closing)
    g_warning ("%u elements of the bridge have not stopped", self->closing);
  g_mutex_unlock (&self->lock);
}
