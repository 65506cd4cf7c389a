/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Interfaces, and what discovery and the server need of this machine. */

#include "doctor/doctor.h"

#include <gio/gio.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#define UDP_PORT 48080 /* protocol/discovery.md#udp */
#define TCP_PORT 8080
#define AVAHI_RUNNING 2 /* AVAHI_SERVER_RUNNING of avahi-common/defs.h */

/* An address that others can reach, with its interface; else NULL. */
static gchar *
describe (const struct ifaddrs *one)
{
  g_autoptr (GSocketAddress) socket = NULL;
  GInetAddress *address;
  g_autofree gchar *text = NULL;

  if (!one->ifa_addr || !(one->ifa_flags & IFF_UP)
      || (one->ifa_flags & IFF_LOOPBACK))
    return NULL;
  if (one->ifa_addr->sa_family == AF_INET)
    socket = g_socket_address_new_from_native (
        one->ifa_addr, sizeof (struct sockaddr_in));
  else if (one->ifa_addr->sa_family == AF_INET6)
    socket = g_socket_address_new_from_native (
        one->ifa_addr, sizeof (struct sockaddr_in6));
  if (!socket)
    return NULL;
  address = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (socket));
  text = g_inet_address_to_string (address);
  return g_strdup_printf ("%s %s", one->ifa_name, text);
}

static void
check_interfaces (VmtDoctor *self)
{
  struct ifaddrs *all = NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  JsonArray *array = json_array_new ();
  JsonObject *details = json_object_new ();

  if (getifaddrs (&all) != 0)
    all = NULL;
  for (struct ifaddrs *one = all; one; one = one->ifa_next) {
    g_autofree gchar *said = describe (one);

    if (!said)
      continue;
    g_string_append_printf (text, "%s%s", text->len ? ", " : "", said);
    json_array_add_string_element (array, said);
  }
  g_clear_pointer (&all, freeifaddrs);
  json_object_set_array_member (details, "addresses", array);
  if (text->len)
    vmt_doctor_tell (
        self, "interfaces", VMT_FOUND_GOOD, details, NULL, "%s", text->str);
  else
    vmt_doctor_tell (self, "interfaces", VMT_FOUND_BAD, details,
        "Plug a cable in, or connect to a Wi-Fi.",
        "This machine has no address in any network.");
}

static void
check_mdns (VmtDoctor *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) bus =
      g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, &error);
  g_autoptr (GVariant) answer = NULL;
  gint state = -1;

  if (bus)
    answer = g_dbus_connection_call_sync (bus, "org.freedesktop.Avahi", "/",
        "org.freedesktop.Avahi.Server", "GetState", NULL,
        G_VARIANT_TYPE ("(i)"), G_DBUS_CALL_FLAGS_NONE, VMT_DOCTOR_TIME, NULL,
        &error);
  if (answer)
    g_variant_get (answer, "(i)", &state);
  if (state == AVAHI_RUNNING)
    vmt_doctor_tell (self, "mdns", VMT_FOUND_GOOD, NULL, NULL,
        "Avahi runs, so devices are found by mDNS.");
  else
    vmt_doctor_tell (self, "mdns", VMT_FOUND_WARNING, NULL,
        "Install and start avahi-daemon. Until then devices are found by UDP "
        "alone.",
        "Avahi does not answer%s%s.", error ? ": " : "",
        error ? error->message : "");
}

/* Whether @port of @type can be bound; @shared: beside others that share it. */
static gboolean
can_bind (GSocketType type, guint16 port, gboolean shared, GError **error)
{
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_IPV4, type,
      type == G_SOCKET_TYPE_STREAM ? G_SOCKET_PROTOCOL_TCP
                                   : G_SOCKET_PROTOCOL_UDP,
      error);
  g_autoptr (GInetAddress) any = g_inet_address_new_any (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (any, port);

  return socket && g_socket_bind (socket, address, shared, error);
}

static void
check_ports (VmtDoctor *self)
{
  g_autoptr (GError) error = NULL;

  if (can_bind (G_SOCKET_TYPE_DATAGRAM, UDP_PORT, TRUE, &error))
    vmt_doctor_tell (self, "udp", VMT_FOUND_GOOD, NULL, NULL,
        "Port %d is free for discovery by UDP.", UDP_PORT);
  else
    vmt_doctor_tell (self, "udp", VMT_FOUND_WARNING, NULL,
        "Another program holds it for itself: 'ss -ulpn sport = 48080' shows "
        "which.",
        "Port %d cannot be used for discovery by UDP: %s.", UDP_PORT,
        error->message);
  g_clear_error (&error);
  if (can_bind (G_SOCKET_TYPE_STREAM, TCP_PORT, TRUE, &error))
    vmt_doctor_tell (self, "tcp", VMT_FOUND_GOOD, NULL, NULL,
        "Port %d is free for meetings.", TCP_PORT);
  else
    vmt_doctor_tell (self, "tcp", VMT_FOUND_GOOD, NULL, NULL,
        "Port %d is taken; a meeting uses the next one that is free.",
        TCP_PORT);
}

void
vmt_doctor_check_network (VmtDoctor *self)
{
  check_interfaces (self);
  check_mdns (self);
  check_ports (self);
}
