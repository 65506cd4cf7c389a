/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* TURN servers, and what they allocate. */

#define GST_USE_UNSTABLE_API
#include "peer/vmpeer-priv.h"

#include <agent.h>
#include <debug.h>
#include <gst/videomeet/wire/iceserver.h>

GST_DEBUG_CATEGORY_EXTERN (vm_peer_debug);
#define GST_CAT_DEFAULT vm_peer_debug

#define RELEASE_MS 500 /* until a server has heard of the end */

static gboolean
add_relay (VmPeer *self, const gchar *uri)
{
  g_auto (VmIceServer) server = { NULL };
  gboolean tls, added = FALSE;

  if (!vm_ice_server_from_uri (&server, uri) || !server.user)
    return FALSE;
  /* libnice logs the password: from here on it logs nothing */
  nice_debug_disable (TRUE);
  tls = g_str_equal (server.scheme, "turns");
  for (NiceRelayType type = NICE_RELAY_TYPE_TURN_UDP;
       type <= NICE_RELAY_TYPE_TURN_TLS; type++) {
    if (tls != (type == NICE_RELAY_TYPE_TURN_TLS)
        || (type == NICE_RELAY_TYPE_TURN_UDP
            && g_strcmp0 (server.transport, "tcp") == 0)
        || (type == NICE_RELAY_TYPE_TURN_TCP
            && g_strcmp0 (server.transport, "udp") == 0))
      continue;
    added |= nice_agent_set_relay_info (NICE_AGENT (self->agent),
        VM_PEER_ICE_STREAM, NICE_COMPONENT_TYPE_RTP, server.host, server.port,
        server.user, server.password, type);
  }
  return added;
}

/* Not by webrtcbin, whose 1.22.0 has no way to write a colon in the name of a
 * user or a slash in a password, which TURN services give out. */
void
vm_peer_turn_add (VmPeer *self)
{
  if (!(self->paths & VM_PATH_RELAY))
    return;
  for (guint i = 0; self->turn_servers && self->turn_servers[i]; i++) {
    if (!add_relay (self, self->turn_servers[i]))
      GST_WARNING_OBJECT (self->pipeline, "TURN server %u is not usable", i);
  }
}

static gboolean
has_relays (NiceAgent *agent)
{
  GSList *all = nice_agent_get_local_candidates (
      agent, VM_PEER_ICE_STREAM, NICE_COMPONENT_TYPE_RTP);
  gboolean found = FALSE;

  for (GSList *i = all; i && !found; i = i->next)
    found = ((NiceCandidate *) i->data)->type == NICE_CANDIDATE_TYPE_RELAYED;
  g_slist_free_full (all, (GDestroyNotify) nice_candidate_free);
  return found;
}

typedef struct
{
  GMutex lock;
  GCond cond;
  gboolean done;
} Release;

static void
release_clear (gpointer data)
{
  Release *release = data;

  g_mutex_clear (&release->lock);
  g_cond_clear (&release->cond);
}

static void
on_released (GObject *agent, GAsyncResult *result, gpointer user_data)
{
  Release *release = user_data;

  g_mutex_lock (&release->lock);
  release->done = TRUE;
  g_cond_signal (&release->cond);
  g_mutex_unlock (&release->lock);
  g_atomic_rc_box_release_full (release, release_clear);
}

void
vm_peer_turn_release (GstElement *webrtc)
{
  gint64 deadline =
      g_get_monotonic_time () + RELEASE_MS * G_TIME_SPAN_MILLISECOND;
  g_autoptr (GObject) ice = NULL;
  g_autoptr (GObject) agent = NULL;
  Release *release;

  g_object_get (webrtc, "ice-agent", &ice, NULL);
  if (ice)
    g_object_get (ice, "agent", &agent, NULL);
  if (!agent || !has_relays (NICE_AGENT (agent)))
    return;
  release = g_atomic_rc_box_new0 (Release);
  g_mutex_init (&release->lock);
  g_cond_init (&release->cond);
  nice_agent_close_async (
      NICE_AGENT (agent), on_released, g_atomic_rc_box_acquire (release));
  g_mutex_lock (&release->lock);
  while (!release->done
         && g_cond_wait_until (&release->cond, &release->lock, deadline))
    ;
  g_mutex_unlock (&release->lock);
  g_atomic_rc_box_release_full (release, release_clear);
}
