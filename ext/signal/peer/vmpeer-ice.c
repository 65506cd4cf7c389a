/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define GST_USE_UNSTABLE_API
#include "peer/vmpeer-priv.h"

#include <agent.h>
#include <gst/webrtc/webrtc.h>
#include <ifaddrs.h>
#include <interfaces.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

GST_DEBUG_CATEGORY_EXTERN (vm_peer_debug);
#define GST_CAT_DEFAULT vm_peer_debug

#define RESOLVE_MS 300 /* webrtcbin.md#local-candidates */
/* How often a check is sent by UDP, and when one by TCP is given up
 * (webrtcbin.md#nomination). */
#define CHECKS 2
#define CHECK_MS 750
#define ADDRESS_FIELD 4 /* of a candidate, RFC 8839 §5.1 */
#define LOCAL_NAME_MAX 255

/* --- our own side --- */

/* Of the m-line whose transport it is. */
static guint
own_mline (VmPeer *self)
{
  return self->offerer || !self->remote ? 0 : self->remote->tag;
}

static gboolean
is_allowed (VmPeer *self, const gchar *candidate)
{
  VmPathKinds kind = vm_path_kind_of_candidate (candidate);

  return !kind || kind & self->paths;
}

static void
local_candidate (VmPeer *self, gpointer data)
{
  if (!is_allowed (self, data))
    return;
  if (self->trickles)
    g_signal_emit_by_name (self, "candidate", own_mline (self), data);
  else
    g_ptr_array_add (self->found, g_strdup (data));
}

static void
all_gathered (VmPeer *self, gpointer data)
{
  if (self->gathered)
    return;
  self->gathered = TRUE;
  if (self->trickles)
    g_signal_emit_by_name (self, "candidate", own_mline (self), "");
}

/* webrtcbin puts those into its description that it has gathered by then. */
void
vm_peer_ice_leave_out (VmPeer *self, GstSDPMessage *sdp)
{
  for (guint i = 0; i < gst_sdp_message_medias_len (sdp); i++) {
    GstSDPMedia *media = (GstSDPMedia *) gst_sdp_message_get_media (sdp, i);

    for (guint j = gst_sdp_media_attributes_len (media); j-- > 0;) {
      const GstSDPAttribute *a = gst_sdp_media_get_attribute (media, j);
      g_autofree gchar *candidate = NULL;

      if (g_strcmp0 (a->key, "candidate") != 0)
        continue;
      candidate = g_strconcat ("candidate:", a->value, NULL);
      if (!is_allowed (self, candidate))
        gst_sdp_media_remove_attribute (media, j);
    }
  }
}

/* By the agent itself, which tells of the last one last: webrtcbin 1.22.0 says
 * that it has gathered all before it hands on what it has gathered. */
static void
on_local_candidate (
    NiceAgent *agent, NiceCandidate *candidate, VmPeerLink *link)
{
  g_autofree gchar *line = NULL;

  if (candidate->stream_id != VM_PEER_ICE_STREAM
      || candidate->component_id != NICE_COMPONENT_TYPE_RTP)
    return;
  line = nice_agent_generate_local_candidate_sdp (agent, candidate);
  if (line && g_str_has_prefix (line, "a="))
    vm_peer_link_post (
        link, local_candidate, g_strdup (line + strlen ("a=")), g_free);
}

static void
on_gathered (NiceAgent *agent, guint stream_id, VmPeerLink *link)
{
  if (stream_id == VM_PEER_ICE_STREAM)
    vm_peer_link_post (link, all_gathered, NULL, NULL);
}

gchar **
vm_peer_take_found (VmPeer *self, guint *mline)
{
  GPtrArray *found = self->found;

  *mline = own_mline (self);
  self->found = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (found, NULL);
  return (gchar **) g_ptr_array_free (found, FALSE);
}

void
vm_peer_ice_local_sent (VmPeer *self)
{
  guint mline;
  g_auto (GStrv) rest = vm_peer_take_found (self, &mline);

  self->trickles = TRUE;
  for (guint i = 0; vm_peer_is_live (self) && rest[i]; i++)
    g_signal_emit_by_name (self, "candidate", mline, rest[i]);
  if (vm_peer_is_live (self) && self->gathered)
    g_signal_emit_by_name (self, "candidate", mline, "");
}

/* With the name of its interface, where that belongs to it (RFC 4007 §11). */
#define ADDRESS_SIZE (NICE_ADDRESS_STRING_LEN + 1 + IF_NAMESIZE)

typedef struct
{
  NiceCandidate *local, *remote;
  gboolean datagrams; /* it goes by UDP, as far as a relay */
  guint ip_version;
  gchar address[ADDRESS_SIZE]; /* "": it is not the peer's own */
  gchar from[NICE_ADDRESS_STRING_LEN]; /* of this device, or "" */
} Selected;

static void
selected_free (gpointer data)
{
  Selected *selected = data;

  nice_candidate_free (selected->local);
  nice_candidate_free (selected->remote);
  g_free (selected);
}

/* Whether the other side has named that address as one of its own. */
static gboolean
is_named (VmPeer *self, const NiceAddress *address)
{
  GSList *all = nice_agent_get_remote_candidates (
      NICE_AGENT (self->agent), VM_PEER_ICE_STREAM, NICE_COMPONENT_TYPE_RTP);
  gboolean named = FALSE;

  for (GSList *i = all; i && !named; i = i->next) {
    const NiceCandidate *one = i->data;

    named = one->type == NICE_CANDIDATE_TYPE_HOST
            && nice_address_equal_no_port (&one->addr, address);
  }
  g_slist_free_full (all, (GDestroyNotify) nice_candidate_free);
  return named;
}

/* The type of @candidate as users are told. A peer-reflexive candidate is a
 * host candidate where its address is one of the host's own: with ICE-TCP, and
 * where a browser hides its addresses. */
static NiceCandidateType
found_type (VmPeer *self, const NiceCandidate *candidate, gboolean is_local)
{
  gboolean own;

  if (candidate->type != NICE_CANDIDATE_TYPE_PEER_REFLEXIVE)
    return candidate->type;
  own = is_local ? nice_address_equal_no_port (
            &candidate->addr, &candidate->base_addr)
                 : is_named (self, &candidate->addr)
                       || nice_address_is_private (&candidate->addr);
  return own ? NICE_CANDIDATE_TYPE_HOST : NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE;
}

/* The further of both ends: what the worse candidate is. */
static void
path_selected (VmPeer *self, gpointer data)
{
  static const gchar *const names[] = { "host", "srflx", "srflx", "relay" };
  const Selected *selected = data;
  guint worse = MAX (found_type (self, selected->local, TRUE),
      found_type (self, selected->remote, FALSE));
  VmPeerPath path = { .protocol = selected->datagrams ? "udp" : "tcp",
    .ip_version = selected->ip_version };

  g_free (self->remote_address);
  self->remote_address =
      *selected->address ? g_strdup (selected->address) : NULL;
  g_free (self->local_address);
  self->local_address = *selected->from ? g_strdup (selected->from) : NULL;
  if (worse >= G_N_ELEMENTS (names))
    return;
  path.kind = names[worse];
  if (vm_peer_path_equal (&path, &self->path))
    return;
  self->path = path;
  g_signal_emit_by_name (self, "path");
  if (self->state == VM_PEER_STATE_CONNECTED)
    vm_peer_ice_check_path (self);
}

/* The other side may have been found where neither has told the other of. */
gboolean
vm_peer_ice_check_path (VmPeer *self)
{
  const gchar *kind = self->path.kind;

  if (!kind || vm_path_kind_from_name (kind) & self->paths)
    return TRUE;
  vm_peer_fail (self, VM_ERROR_DECLINED,
      "The only path to the other side is %s, which fallback leaves out", kind);
  return FALSE;
}

static guint
find_interface (const NiceAddress *local)
{
  struct ifaddrs *all = NULL;
  guint index = 0;

  if (getifaddrs (&all) != 0)
    return 0;
  for (struct ifaddrs *i = all; i && !index; i = i->ifa_next) {
    const struct sockaddr_in6 *ip6 = (gconstpointer) i->ifa_addr;

    if (ip6 && ip6->sin6_family == AF_INET6
        && IN6_ARE_ADDR_EQUAL (&ip6->sin6_addr, &local->s.ip6.sin6_addr))
      index = if_nametoindex (i->ifa_name);
  }
  freeifaddrs (all);
  return index;
}

/* libnice leaves a link-local address without its interface, which is that of
 * the address on this side. */
static void
add_interface (gchar address[ADDRESS_SIZE], const NiceAddress *local)
{
  gchar name[IF_NAMESIZE];
  gsize length = strlen (address);

  if (if_indextoname (find_interface (local), name))
    g_snprintf (address + length, ADDRESS_SIZE - length, "%%%s", name);
  else
    *address = 0;
}

/* That of a relay is not the peer's. */
static void
read_address (const NiceCandidate *local, const NiceCandidate *remote,
    gchar address[ADDRESS_SIZE])
{
  if (local->type == NICE_CANDIDATE_TYPE_RELAYED
      || remote->type == NICE_CANDIDATE_TYPE_RELAYED)
    return;
  nice_address_to_string (&remote->addr, address);
  if (remote->addr.s.addr.sa_family == AF_INET6
      && IN6_IS_ADDR_LINKLOCAL (&remote->addr.s.ip6.sin6_addr))
    add_interface (address, &local->base_addr);
}

/* What waits to be read: the kernel's own bound drops datagrams whenever the
 * thread that reads them is late by a hundred, and SCTP takes that for a
 * network that is full. */
static void
widen (GSocket *socket)
{
  if (g_socket_get_socket_type (socket) == G_SOCKET_TYPE_DATAGRAM)
    g_socket_set_option (
        socket, SOL_SOCKET, SO_RCVBUF, VM_PEER_RECEIVE_BUFFER, NULL);
}

/* libnice does not tell how it talks to a relay, but by the candidate's type
 * preference (RFC 8445 §5.1.2.1): 30 by UDP, 20 by TCP or TLS. */
static gboolean
goes_by_datagrams (const NiceCandidate *local)
{
  if (local->type == NICE_CANDIDATE_TYPE_RELAYED)
    return local->priority >> 24 >= 30;
  return local->transport == NICE_CANDIDATE_TRANSPORT_UDP;
}

static void
read_socket (GSocket *socket, Selected *selected)
{
  g_autoptr (GSocketAddress) from = NULL;
  g_autofree gchar *text = NULL;
  GInetAddress *inet;

  from = socket ? g_socket_get_local_address (socket, NULL) : NULL;
  if (!G_IS_INET_SOCKET_ADDRESS (from))
    return;
  inet = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (from));
  text = g_inet_address_to_string (inet);
  g_strlcpy (selected->from, text, sizeof selected->from);
}

static void
on_selected_pair (NiceAgent *agent, guint stream_id, guint component_id,
    NiceCandidate *local, NiceCandidate *remote, VmPeerLink *link)
{
  g_autoptr (GSocket) socket =
      nice_agent_get_selected_socket (agent, stream_id, component_id);
  Selected *selected = g_new0 (Selected, 1);

  if (socket)
    widen (socket);
  selected->local = nice_candidate_copy (local);
  selected->remote = nice_candidate_copy (remote);
  selected->datagrams = goes_by_datagrams (local);
  read_socket (socket, selected);
  if (!*selected->from && local->type != NICE_CANDIDATE_TYPE_RELAYED)
    nice_address_to_string (&local->base_addr, selected->from);
  selected->ip_version = nice_address_ip_version (&local->addr);
  read_address (local, remote, selected->address);
  vm_peer_link_post (link, path_selected, selected, selected_free);
}

/* libnice leaves loopback out, so on a machine without network it would have
 * no candidate at all. */
static gchar **
addresses_to_gather (VmPeer *self)
{
  GList *others;
  gboolean alone;

  if (self->local_addresses)
    return g_strdupv (self->local_addresses);
  others = nice_interfaces_get_local_ips (FALSE);
  alone = others == NULL;
  g_list_free_full (others, g_free);
  return alone ? g_strsplit ("127.0.0.1", " ", 0) : NULL;
}

/* Where a packet comes to this machine itself, or to everybody. */
static gboolean
is_nobodys (const gchar *address)
{
  g_autoptr (GInetAddress) inet = g_inet_address_new_from_string (address);
  const struct in6_addr *ip6;

  if (!inet)
    return FALSE;
  ip6 = (gconstpointer) g_inet_address_to_bytes (inet);
  if (g_inet_address_get_family (inet) == G_SOCKET_FAMILY_IPV6
      && (IN6_IS_ADDR_V4MAPPED (ip6) || IN6_IS_ADDR_V4COMPAT (ip6))) {
    g_autoptr (GInetAddress) ip4 =
        g_inet_address_new_from_bytes (ip6->s6_addr + 12, G_SOCKET_FAMILY_IPV4);

    g_set_object (&inet, ip4);
  }
  return g_inet_address_get_is_loopback (inet)
         || g_inet_address_get_is_any (inet)
         || g_inet_address_get_is_multicast (inet)
         || *g_inet_address_to_bytes (inet) == 0;
}

/* Whoever names 127.0.0.1 from another machine has this one talk to its own
 * services. */
gboolean
vm_peer_ice_may_be_at (VmPeer *self, const gchar *address)
{
  return g_hostname_is_ip_address (address)
         && (self->on_loopback || !is_nobodys (address));
}

static gulong
watch_agent (VmPeer *self, const gchar *signal, GCallback func)
{
  return g_signal_connect_data (self->agent, signal, func,
      vm_peer_link_ref (self->link), vm_peer_link_unref_closure, 0);
}

/* Before the first description, which starts the gathering. */
void
vm_peer_ice_setup (VmPeer *self)
{
  g_autoptr (GObject) ice = NULL;
  g_auto (GStrv) addresses = addresses_to_gather (self);

  g_object_get (self->webrtc, "ice-agent", &ice, NULL);
  g_object_get (ice, "agent", &self->agent, NULL);
  /* a GUPnP context with its HTTP listener for every peer otherwise */
  g_object_set (self->agent, "upnp", FALSE, NULL);
  if (!self->patient)
    g_object_set (self->agent, "stun-max-retransmissions", CHECKS,
        "stun-reliable-timeout", CHECK_MS, NULL);
  for (guint i = 0; addresses && addresses[i]; i++) {
    gboolean added = FALSE;

    self->on_loopback |= is_nobodys (addresses[i]);
    g_signal_emit_by_name (ice, "add-local-ip-address", addresses[i], &added);
    if (!added)
      GST_WARNING_OBJECT (
          self->pipeline, "%s is no address to gather on", addresses[i]);
  }
  self->agent_handlers[0] = watch_agent (
      self, "new-selected-pair-full", G_CALLBACK (on_selected_pair));
  self->agent_handlers[1] =
      watch_agent (self, "new-candidate-full", G_CALLBACK (on_local_candidate));
  self->agent_handlers[2] =
      watch_agent (self, "candidate-gathering-done", G_CALLBACK (on_gathered));
}

/* --- the remote side's candidates --- */

/* Everything is bundled: the first m-line's transport is the one. */
static void
hand_over (VmPeer *self, const gchar *candidate)
{
  g_signal_emit_by_name (
      self->webrtc, "add-ice-candidate", 0u, *candidate ? candidate : NULL);
}

typedef struct
{
  VmPeer *self;
  gchar **fields;
  gboolean handed;
} Resolving;

static void
resolved (VmPeer *self)
{
  self->resolving--;
  if (self->resolving == 0 && self->end_waits && vm_peer_is_live (self)) {
    self->end_waits = FALSE;
    hand_over (self, "");
  }
}

static void
on_resolved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Resolving *resolving = user_data;
  VmPeer *self = resolving->self;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (
      G_DBUS_CONNECTION (source), result, &error);

  if (!reply) {
    GST_INFO (
        "%s dropped: %s", resolving->fields[ADDRESS_FIELD], error->message);
  } else if (vm_peer_is_live (self)) {
    const gchar *address = NULL;
    g_autofree gchar *candidate = NULL;

    g_variant_get (reply, "(iisi&su)", NULL, NULL, NULL, NULL, &address, NULL);
    g_free (resolving->fields[ADDRESS_FIELD]);
    resolving->fields[ADDRESS_FIELD] = g_strdup (address);
    candidate = g_strjoinv (" ", resolving->fields);
    if (vm_peer_ice_may_be_at (self, address))
      hand_over (self, candidate);
  }
  resolved (self);
  g_strfreev (resolving->fields);
  g_object_unref (self);
  g_free (resolving);
}

static void
on_bus (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Resolving *resolving = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) bus = g_bus_get_finish (result, &error);

  if (!bus || !vm_peer_is_live (resolving->self)) {
    GST_INFO ("%s dropped: %s", resolving->fields[ADDRESS_FIELD],
        error ? error->message : "closed");
    resolved (resolving->self);
    g_strfreev (resolving->fields);
    g_object_unref (resolving->self);
    g_free (resolving);
    return;
  }
  g_dbus_connection_set_exit_on_close (bus, FALSE);
  /* any interface, any protocol, an address of any protocol, no flags */
  g_dbus_connection_call (bus, "org.freedesktop.Avahi", "/",
      "org.freedesktop.Avahi.Server", "ResolveHostName",
      g_variant_new (
          "(iisiu)", -1, -1, resolving->fields[ADDRESS_FIELD], -1, 0u),
      G_VARIANT_TYPE ("(iisisu)"), G_DBUS_CALL_FLAGS_NO_AUTO_START, RESOLVE_MS,
      resolving->self->cancellable, on_resolved, resolving);
}

static void
resolve (VmPeer *self, gchar **fields)
{
  Resolving *resolving = g_new (Resolving, 1);

  *resolving = (Resolving){ g_object_ref (self), fields, FALSE };
  self->resolving++;
  g_bus_get (G_BUS_TYPE_SYSTEM, self->cancellable, on_bus, resolving);
}

static void
take_candidate (VmPeer *self, guint mline, const gchar *candidate)
{
  g_auto (GStrv) fields = NULL;
  const gchar *address;

  if (!vm_peer_remote_takes_candidate (self->remote, mline, candidate)
      || !is_allowed (self, candidate))
    return;
  if (!*candidate) {
    if (self->resolving)
      self->end_waits = TRUE;
    else
      hand_over (self, candidate);
    return;
  }
  fields = g_strsplit (candidate, " ", 0);
  if (g_strv_length (fields) < 8) {
    GST_WARNING_OBJECT (self->pipeline, "a candidate too short, dropped");
    return;
  }
  address = fields[ADDRESS_FIELD];
  if (vm_peer_ice_may_be_at (self, address))
    hand_over (self, candidate);
  else if (g_hostname_is_ip_address (address))
    GST_INFO_OBJECT (self->pipeline, "a candidate of this machine, dropped");
  else if (g_str_has_suffix (address, ".local")
           && strlen (address) <= LOCAL_NAME_MAX)
    resolve (self, g_steal_pointer (&fields));
  else
    GST_INFO_OBJECT (self->pipeline, "a candidate with a name, dropped");
}

static gboolean
is_usable (const gchar *candidate)
{
  gsize length = strnlen (candidate, VM_PEER_CANDIDATE_LENGTH + 1);

  if (length > VM_PEER_CANDIDATE_LENGTH)
    return FALSE;
  for (gsize i = 0; i < length; i++) {
    if (!g_ascii_isprint (candidate[i]))
      return FALSE;
  }
  return length == 0 || g_str_has_prefix (candidate, "candidate:");
}

void
vm_peer_add_candidate (VmPeer *self, guint mline, const gchar *candidate)
{
  VmPeerEarly *early;

  g_return_if_fail (VM_IS_PEER (self));
  g_return_if_fail (candidate != NULL);

  if (g_str_has_prefix (candidate, "a="))
    candidate += strlen ("a=");
  if (!vm_peer_is_live (self) || !is_usable (candidate)
      || self->n_candidates >= VM_PEER_CANDIDATES_MAX
      || (!self->remote_known
          && self->early.length >= VM_PEER_CANDIDATES_EARLY)) {
    GST_INFO ("a candidate dropped");
    return;
  }
  self->n_candidates++;
  if (self->remote_known) {
    take_candidate (self, mline, candidate);
    return;
  }
  early = g_new (VmPeerEarly, 1);
  *early = (VmPeerEarly){ mline, g_strdup (candidate) };
  g_queue_push_tail (&self->early, early);
}

void
vm_peer_early_free (gpointer data)
{
  VmPeerEarly *early = data;

  g_free (early->candidate);
  g_free (early);
}

/* Both descriptions are set. */
void
vm_peer_ice_remote_ready (VmPeer *self)
{
  VmPeerEarly *early;

  self->remote_known = TRUE;
  while ((early = g_queue_pop_head (&self->early))) {
    take_candidate (self, early->mline, early->candidate);
    vm_peer_early_free (early);
  }
}

void
vm_peer_ice_stop (VmPeer *self)
{
  g_cancellable_cancel (self->cancellable);
  for (guint i = 0; self->agent && i < G_N_ELEMENTS (self->agent_handlers); i++)
    g_clear_signal_handler (&self->agent_handlers[i], self->agent);
  g_clear_object (&self->agent);
}
