/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Handlers of the meeting's signals. Control thread. */

#include "controller/vmcontroller-priv.h"
#include "plugin/plugin.h"

#include <string.h>

#define GST_CAT_DEFAULT vm_signal_debug

typedef struct
{
  VmLink *link;
  VmLinkDescription *offer; /* that waits, or NULL: offer ours */
} Waiting;

void
vm_controller_waiting_free (gpointer data)
{
  Waiting *waiting = data;

  g_object_unref (waiting->link);
  g_clear_pointer (&waiting->offer, vm_link_description_free);
  g_free (waiting);
}

/* Waiting for the inputs */

void
vm_controller_start_waiting (VmController *self)
{
  g_autoptr (GPtrArray) waiting = NULL;

  if (!self->inputs_given_up && !self->funcs->inputs_ready (self->bin))
    return;
  if (self->cloud)
    vm_cloud_inputs_ready (self->cloud);
  waiting = g_steal_pointer (&self->waiting);
  self->waiting = g_ptr_array_new_with_free_func (vm_controller_waiting_free);
  for (guint i = 0; i < waiting->len; i++) {
    Waiting *w = waiting->pdata[i];

    if (w->offer)
      vm_link_take_offer (w->link, w->offer);
    else
      vm_link_offer (w->link);
  }
}

static void
stop_waiting_for (VmController *self, VmLink *link)
{
  for (guint i = self->waiting->len; i > 0; i--) {
    if (((Waiting *) self->waiting->pdata[i - 1])->link == link)
      g_ptr_array_remove_index (self->waiting, i - 1);
  }
}

static gboolean
is_waiting (VmController *self, VmLink *link)
{
  for (guint i = 0; i < self->waiting->len; i++) {
    if (((Waiting *) self->waiting->pdata[i])->link == link)
      return TRUE;
  }
  return FALSE;
}

static gboolean inputs_timeout (gpointer self);

/* From the start on, and for pads that come later from the first that waits. */
void
vm_controller_limit_waiting (VmController *self)
{
  self->inputs_source =
      vm_timer_new (self->context, INPUTS_TIMEOUT_MS, inputs_timeout, self);
}

/* One a link: of several offers, which it takes, the last counts. */
static void
wait_for_inputs (VmController *self, VmLink *link, VmLinkDescription *offer)
{
  Waiting *waiting = g_new0 (Waiting, 1);

  stop_waiting_for (self, link);
  waiting->link = g_object_ref (link);
  waiting->offer = offer;
  g_ptr_array_add (self->waiting, waiting);
  vm_controller_start_waiting (self);
  if (self->waiting->len && !self->inputs_source)
    vm_controller_limit_waiting (self);
}

static gboolean
inputs_timeout (gpointer user_data)
{
  VmController *self = user_data;

  vm_timer_clear (&self->inputs_source);
  if (!self->funcs->inputs_ready (self->bin)) {
    GST_ELEMENT_WARNING_WITH_DETAILS (self->bin, STREAM, FAILED,
        ("A sink pad has no caps after %d s; the call begins without it",
            INPUTS_TIMEOUT_MS / 1000),
        ("nothing was pushed to it: is its source running?"),
        ("code", G_TYPE_STRING, vm_error_to_code (VM_ERROR_TIMEOUT), NULL));
    self->inputs_given_up = TRUE;
    vm_controller_start_waiting (self);
  }
  return G_SOURCE_REMOVE;
}

/* The meeting */

VmLink *
vm_controller_find_link (VmController *self, VmParticipant *participant)
{
  VmLink *link = NULL;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->links->len && !link; i++) {
    if (vm_link_get_participant (self->links->pdata[i]) == participant)
      link = self->links->pdata[i];
  }
  g_mutex_unlock (&self->lock);
  return link;
}

static GstStructure *
participant_message (const gchar *name, VmParticipant *participant)
{
  return gst_structure_new (name, "id", G_TYPE_STRING,
      vm_participant_get_id (participant), "user", G_TYPE_STRING,
      vm_participant_get_user (participant), NULL);
}

static void
on_state_changed (VmMeeting *meeting, VmMeetingState old, VmMeetingState new,
    VmController *self)
{
  g_autofree gchar *link = NULL;
  g_autofree gchar *name = NULL;

  g_object_get (meeting, "link", &link, "name", &name, NULL);
  vm_controller_post (
      self, gst_structure_new ("vm-meeting-state-changed", "old", G_TYPE_STRING,
                vm_meeting_state_to_string (old), "new", G_TYPE_STRING,
                vm_meeting_state_to_string (new), "id", G_TYPE_STRING,
                vm_meeting_get_id (meeting), "name", G_TYPE_STRING, name,
                "link", G_TYPE_STRING, link, "hosting", G_TYPE_BOOLEAN,
                VM_PLUGIN (vm_meeting_get_hosting) (meeting), NULL));
  if (new == VM_MEETING_STATE_ENDED && !self->hung_up)
    vm_controller_hang_up (self);
}

static gboolean
is_stun (const gchar *uri)
{
  return g_str_has_prefix (uri, "stun:");
}

/* The host asks for TURN servers alone. */
static void
leave_relays (VmController *self)
{
  VmLinkConfig *config = &self->config.link;

  config->paths &= ~VM_PATH_DIRECT;
  if (config->paths & VM_PATH_RELAY)
    return;
  GST_ELEMENT_WARNING_WITH_DETAILS (self->bin, RESOURCE, SETTINGS,
      ("The host asks to use TURN servers alone, which fallback leaves out: "
       "nobody can be reached"),
      (NULL), ("property", G_TYPE_STRING, "fallback", NULL));
  config->paths = VM_PATH_CLOUD;
}

/* Those that were set here, then the host's; webrtcbin asks one STUN server
 * only. */
static void
take_servers (VmController *self)
{
  VmLinkConfig *config = &self->config.link;
  g_autoptr (GStrvBuilder) turn = g_strv_builder_new ();
  g_auto (GStrv) all = NULL;
  gboolean relay_only = FALSE;

  g_object_get (
      self->meeting, "all-ice-servers", &all, "relay-only", &relay_only, NULL);
  if (relay_only)
    leave_relays (self);
  g_clear_pointer (&config->stun_server, g_free);
  g_clear_pointer (&config->turn_servers, g_strfreev);
  for (guint i = 0; all[i]; i++) {
    if (!is_stun (all[i]))
      g_strv_builder_add (turn, all[i]);
    else if (!config->stun_server)
      config->stun_server = g_strdup (all[i]);
  }
  config->turn_servers = g_strv_builder_end (turn);
}

static void
set_own_servers (VmController *self)
{
  const VmLinkConfig *config = &self->config.link;
  g_autoptr (GStrvBuilder) all = g_strv_builder_new ();
  g_auto (GStrv) servers = NULL;

  if (config->stun_server && *config->stun_server)
    g_strv_builder_add (all, config->stun_server);
  for (guint i = 0; config->turn_servers && config->turn_servers[i]; i++)
    g_strv_builder_add (all, config->turn_servers[i]);
  servers = g_strv_builder_end (all);
  g_object_set (self->meeting, "ice-servers", servers, NULL);
}

static void
on_joined (VmMeeting *meeting, VmParticipant *who, VmController *self)
{
  g_autofree gchar *link = NULL;

  take_servers (self);
  g_object_get (meeting, "link", &link, NULL);
  vm_controller_post (self,
      gst_structure_new ("vm-joined", "id", G_TYPE_STRING,
          vm_participant_get_id (who), "link", G_TYPE_STRING, link, "hosting",
          G_TYPE_BOOLEAN, VM_PLUGIN (vm_meeting_get_hosting) (meeting), NULL));
  vm_controller_call_once (self);
}

static void
describe_origin (VmParticipant *participant, GstStructure *s)
{
  const gchar *origin_id =
      VM_PLUGIN (vm_participant_get_origin_id) (participant);
  g_autofree gchar *via = NULL;
  g_autofree gchar *origin = NULL;

  if (!origin_id)
    return;
  g_object_get (participant, "via", &via, "origin", &origin, NULL);
  gst_structure_set (s, "via", G_TYPE_STRING, via, "origin", G_TYPE_STRING,
      origin, "origin-id", G_TYPE_STRING, origin_id, NULL);
}

static void
on_participant_joined (
    VmMeeting *meeting, VmParticipant *participant, VmController *self)
{
  GstStructure *s = participant_message ("vm-participant-joined", participant);
  g_autofree gchar *fingerprint = vm_fingerprint_from_device_id (
      vm_participant_get_device_id (participant));
  VmLink *link;

  if (vm_controller_find_link (self, participant)) {
    gst_structure_free (s);
    return;
  }
  gst_structure_set (s, "device", G_TYPE_STRING,
      vm_participant_get_device (participant), "device-id", G_TYPE_STRING,
      vm_participant_get_device_id (participant), "host", G_TYPE_BOOLEAN,
      vm_participant_get_host (participant), "fingerprint", G_TYPE_STRING,
      fingerprint, NULL);
  describe_origin (participant, s);
  vm_controller_describe_trust (participant, s);
  vm_controller_post (self, s);
  link = vm_link_new (&vm_controller_link_owner, self, &self->funcs->link,
      self->bin, participant);
  if (self->config.link.dialect == VM_DIALECT_NAME_JANUS)
    vm_link_set_served (link, TRUE);
  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->links, link);
  g_mutex_unlock (&self->lock);
  if (self->config.link.dialect == VM_DIALECT_NAME_JANUS
      || vm_controller_serves (self, link))
    return;
  if (vm_meeting_offers_to (meeting, participant))
    wait_for_inputs (self, link, NULL);
  else
    vm_link_expect_offer (link);
}

static void
on_participant_left (VmMeeting *meeting, VmParticipant *participant,
    GError *reason, VmController *self)
{
  VmLink *link = vm_controller_find_link (self, participant);
  GstStructure *s = participant_message ("vm-participant-left", participant);
  g_autoptr (VmLink) keep = NULL;
  gboolean alone;

  if (reason)
    gst_structure_set (s, "code", G_TYPE_STRING, vm_error_get_code (reason),
        "message", G_TYPE_STRING, reason->message, NULL);
  vm_controller_post (self, s);
  if (!link)
    return;
  keep = g_object_ref (link);
  stop_waiting_for (self, link);
  vm_speaker_remove (self->speaker, vm_participant_get_id (participant));
  g_mutex_lock (&self->lock);
  g_ptr_array_remove (self->links, link);
  alone = self->links->len == 0;
  g_mutex_unlock (&self->lock);
  /* it may hear of it by this connection alone */
  if (g_error_matches (reason, VM_ERROR, VM_ERROR_KICKED))
    vm_link_linger (link);
  vm_link_close (link);
  /* who has to come back because the server has begun anew does */
  if (alone && self->config.end_when_alone && !self->hung_up
      && !g_error_matches (reason, VM_ERROR, VM_ERROR_RESUME_FAILED))
    vm_controller_hang_up (self);
}

/* There is no link to whom this device does not meet. */
static void
on_participant_refused (VmMeeting *meeting, VmParticipant *participant,
    const GError *reason, VmController *self)
{
  GST_ELEMENT_WARNING_WITH_DETAILS (self->bin, RESOURCE, NOT_AUTHORIZED,
      ("%s is in the meeting and is not met: %s",
          vm_participant_get_user (participant), reason->message),
      (NULL),
      ("participant-id", G_TYPE_STRING, vm_participant_get_id (participant),
          "code", G_TYPE_STRING, vm_error_to_code (reason->code), NULL));
}

static void
on_participant_state (VmMeeting *meeting, VmParticipant *participant,
    VmParticipantState old, VmParticipantState new, VmController *self)
{
  GstStructure *s =
      participant_message ("vm-participant-state-changed", participant);

  gst_structure_set (s, "old", G_TYPE_STRING,
      vm_participant_state_to_string (old), "new", G_TYPE_STRING,
      vm_participant_state_to_string (new), NULL);
  vm_controller_post (self, s);
}

static void
on_description (VmMeeting *meeting, VmParticipant *participant,
    VmDescriptionType type, const gchar *sdp, const gchar *session,
    guint generation, const gchar *identity, VmController *self)
{
  VmLink *link = vm_controller_find_link (self, participant);
  g_autoptr (VmLinkDescription) description = NULL;

  if (!link)
    return;
  description = vm_link_description_new (sdp, session, generation, identity);
  if (type == VM_DESCRIPTION_TYPE_ANSWER)
    vm_link_take_answer (link, description);
  else if (vm_link_wants_offer (link, description))
    wait_for_inputs (self, link, g_steal_pointer (&description));
}

static void
on_refused (VmMeeting *meeting, VmParticipant *participant, const GError *error,
    VmController *self)
{
  VmLink *link = vm_controller_find_link (self, participant);

  if (link)
    vm_link_take_refusal (link, error);
}

static void
on_forged (VmMeeting *meeting, VmParticipant *participant, const GError *error,
    VmController *self)
{
  VmLink *link = vm_controller_find_link (self, participant);

  if (link)
    vm_link_tell_forged (link, error);
}

static void
on_candidate (VmMeeting *meeting, VmParticipant *participant,
    const gchar *candidate, gint mline, const gchar *mid, const gchar *session,
    guint generation, VmController *self)
{
  VmLink *link = vm_controller_find_link (self, participant);

  if (link)
    vm_link_take_candidate (link, candidate, mline, session, generation);
}

static void
on_restart (VmMeeting *meeting, VmParticipant *participant, const gchar *reason,
    VmController *self)
{
  VmLink *link = vm_controller_find_link (self, participant);

  if (link && vm_meeting_offers_to (meeting, participant)
      && !is_waiting (self, link))
    vm_link_restart (link);
}

/* A link may go while the others are told. */
static GPtrArray *
ref_links (VmController *self)
{
  GPtrArray *links =
      g_ptr_array_copy (self->links, (GCopyFunc) g_object_ref, NULL);

  g_ptr_array_set_free_func (links, g_object_unref);
  return links;
}

static void
on_network_changed (VmMeeting *meeting, gboolean slept, VmController *self)
{
  g_autoptr (GPtrArray) links = ref_links (self);

  for (guint i = 0; i < links->len; i++)
    vm_link_network_changed (links->pdata[i], slept);
}

/* In a room of Janus. */
static void
on_cloud (VmMeeting *meeting, const VmJanusEvent *event,
    VmParticipant *participant, gpointer data)
{
  VmController *self = data;
  VmLink *link =
      participant ? vm_controller_find_link (self, participant) : NULL;

  if (self->cloud)
    vm_cloud_take_event (self->cloud, event, link);
}

static void
set_up_cloud (VmController *self)
{
  const gchar *uri = self->config.uri;
  VmCloud *cloud;

  VM_PLUGIN (vm_meeting_set_cloud_func) (self->meeting, on_cloud, self);
  vm_controller_set_up_sfu (self);
  if (!VM_PLUGIN (vm_janus_is_uri) (uri))
    return;
  self->config.link.dialect = VM_DIALECT_NAME_JANUS;
  cloud = vm_cloud_new (&vm_controller_link_owner, self, &self->funcs->link,
      self->bin, self->meeting);
  g_mutex_lock (&self->lock);
  self->cloud = cloud;
  g_mutex_unlock (&self->lock);
}

static void
on_servers_changed (VmMeeting *meeting, GParamSpec *pspec, VmController *self)
{
  g_autoptr (GPtrArray) links = ref_links (self);

  take_servers (self);
  for (guint i = 0; i < links->len; i++)
    vm_link_servers_changed (links->pdata[i]);
}

static void
on_failed (VmMeeting *meeting, GError *error, VmController *self)
{
  if (self->hung_up)
    return;
  if (g_error_matches (error, VM_ERROR, VM_ERROR_KICKED))
    vm_controller_post (self, gst_structure_new ("vm-kicked", "message",
                                  G_TYPE_STRING, error->message, NULL));
  self->funcs->fail (self->bin, error);
}

void
vm_controller_set_up_meeting (VmController *self)
{
  VmControllerConfig *config = &self->config;

  self->meeting = vm_meeting_new (self->node);
  g_object_set (self->meeting, "mode", config->mode, "dialect",
      config->link.dialect, "pin", config->pin, "host-key", config->host_key,
      "ask-host", config->ask_host, "cap-token", config->cap_token,
      "max-participants", config->max_participants, "call-type",
      config->link.call_type, "rejoin", config->rejoin, "direct-chat", TRUE,
      "api-secret", config->api_secret, "make-room", config->make_room, NULL);
  if (config->via)
    VM_PLUGIN (vm_meeting_set_via)
  (self->meeting, config->via, config->origin_id);
  VM_PLUGIN (vm_meeting_set_bridge) (self->meeting, self->bridge);
  set_own_servers (self);
  if (config->meeting)
    g_object_set (self->meeting, "name", config->meeting, NULL);
  if (config->uri)
    g_object_set (self->meeting, "uri", config->uri, NULL);
  if (config->user)
    g_object_set (self->meeting, "user", config->user, NULL);
  g_signal_connect (
      self->meeting, "state-changed", G_CALLBACK (on_state_changed), self);
  g_signal_connect (self->meeting, "joined", G_CALLBACK (on_joined), self);
  g_signal_connect (self->meeting, "participant-joined",
      G_CALLBACK (on_participant_joined), self);
  g_signal_connect (self->meeting, "participant-left",
      G_CALLBACK (on_participant_left), self);
  g_signal_connect (self->meeting, "participant-refused",
      G_CALLBACK (on_participant_refused), self);
  g_signal_connect (self->meeting, "participant-state-changed",
      G_CALLBACK (on_participant_state), self);
  g_signal_connect (
      self->meeting, "description", G_CALLBACK (on_description), self);
  g_signal_connect (
      self->meeting, "candidate", G_CALLBACK (on_candidate), self);
  g_signal_connect (self->meeting, "restart", G_CALLBACK (on_restart), self);
  g_signal_connect (self->meeting, "refused", G_CALLBACK (on_refused), self);
  g_signal_connect (self->meeting, "forged", G_CALLBACK (on_forged), self);
  g_signal_connect (
      self->meeting, "network-changed", G_CALLBACK (on_network_changed), self);
  g_signal_connect (self->meeting, "notify::all-ice-servers",
      G_CALLBACK (on_servers_changed), self);
  g_signal_connect (self->meeting, "failed", G_CALLBACK (on_failed), self);
  vm_controller_connect_talk (self);
  set_up_cloud (self);
}
