/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What finds devices, and the addresses it finds. */

#include "program.h"
#include "support/eventlog.h"

#include <gst/videomeet/discovery/probe.h>
#include <gst/videomeet/discovery/udp.h>
#include <gst/videomeet/discovery/udpsocket.h>
#include <gst/videomeet/videomeet.h>
#if HAVE_AVAHI
#include <gst/videomeet/discovery/mdnsrecord.h>
#endif
#include <glib-unix.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FOUND 60 /* s, where others take the cores */
#define ANSWERED 25 /* s, shorter than VM_UDP_INTERVAL */
/* announcements before the first interval; protocol/discovery.md#udp */
#define BURST 3

/* Datagrams on loopback. */

static void
on_found (gpointer user_data, VmMethods method, GSocketAddress *address,
    const VmDeviceInfo *info)
{
  event_log ("%s found %s", (gchar *) user_data, info->user);
}

static void
on_gone (gpointer user_data, VmMethods method, GSocketAddress *address,
    const VmDeviceInfo *info)
{
  event_log ("%s gone %s", (gchar *) user_data, info->user);
}

static void
on_ready (gpointer user_data, VmMethods method, gboolean ready)
{
  event_log ("%s ready %d", (gchar *) user_data, ready);
}

static void
on_warning (gpointer user_data, VmMethods method, const gchar *message)
{
  event_log ("warning %s", message);
}

static const VmFinderEvents finder_events = { on_found, on_gone, on_ready,
  on_warning };

/* One for this process, so that tests side by side do not hear each other;
 * below those that the kernel gives to whoever asks for none. */
static guint16
udp_port (void)
{
  return 20000 + getpid () % 12000;
}

static void
on_network (gpointer user_data)
{
}

/* What everybody on the network hears: announcements, but no answers. */
static gboolean
on_overheard (gint fd, GIOCondition condition, gpointer user_data)
{
  gchar text[2048];
  gssize size = recv (fd, text, sizeof text - 1, MSG_DONTWAIT);

  text[MAX (size, 0)] = '\0';
  if (strstr (text, "\"announce\""))
    event_log ("announced");
  return G_SOURCE_CONTINUE;
}

GST_START_TEST (test_udp)
{
  VmInterfaces *lo = vm_interfaces_new ("lo", on_network, NULL);
  VmUdp *a = vm_udp_new (udp_port (), lo, &finder_events, (gpointer) "a");
  VmUdp *b = vm_udp_new (udp_port (), lo, &finder_events, (gpointer) "b");
  g_autoptr (VmDeviceInfo) ann = vm_device_info_new ();
  gint ear = vm_udp_socket_open (AF_INET, udp_port (), TRUE);
  guint watch = g_unix_fd_add (ear, G_IO_IN, on_overheard, NULL);
  VmUdp *c;

  vm_udp_socket_join (ear, AF_INET, VM_UDP_GROUP4, if_nametoindex ("lo"));
  g_free (ann->user);
  ann->user = g_strdup ("Ann");
  ann->port = 8080;
  vm_udp_announce (a, ann);
  vm_udp_set_browse (b, TRUE);
  fail_unless (event_log_seen ("a ready 1", 1, FOUND)
               && event_log_seen ("b ready 1", 1, FOUND));
  fail_unless (event_log_seen ("b found Ann", 1, FOUND));

  /* past the burst only an answer can tell a newcomer so soon */
  fail_unless (event_log_seen ("announced", BURST, FOUND));
  c = vm_udp_new (udp_port (), lo, &finder_events, (gpointer) "c");
  vm_udp_set_browse (c, TRUE);
  fail_unless (event_log_seen ("c found Ann", 1, ANSWERED));

  vm_udp_free (a);
  fail_unless (event_log_seen ("b gone Ann", 1, FOUND));
  vm_udp_free (b);
  vm_udp_free (c);
  g_source_remove (watch);
  close (ear);
  vm_interfaces_free (lo);
}

GST_END_TEST;

GST_START_TEST (test_unknown_interfaces)
{
  g_autofree gchar *none = vm_interfaces_check ("");
  g_autofree gchar *known = vm_interfaces_check (" lo ,lo,");
  g_autofree gchar *one = vm_interfaces_check ("lo,nope0");
  g_autofree gchar *two = vm_interfaces_check ("nope0, much-too-long-a-name-0");

  fail_unless (none == NULL, "%s", none);
  fail_unless (known == NULL, "%s", known);
  fail_unless (g_str_has_prefix (
                   one, "There is no network interface “nope0”; there are "),
      "%s", one);
  fail_unless (strstr (strchr (one, ';'), "lo") != NULL, "%s", one);
  fail_unless (
      strstr (two, "“nope0”, “much-too-long-a-name-0”;") != NULL, "%s", two);
}

GST_END_TEST;

GST_START_TEST (test_on_link)
{
  VmInterfaces *lo = vm_interfaces_new ("lo", on_network, NULL);
  g_autoptr (GInetAddress) near = g_inet_address_new_from_string ("127.9.9.9");
  g_autoptr (GInetAddress) far = g_inet_address_new_from_string ("8.8.8.8");
  g_autofree gchar *best = vm_interfaces_best_address (lo);

  fail_unless (vm_interfaces_on_link (lo, near, 0));
  fail_if (vm_interfaces_on_link (lo, far, 0));
  fail_if (vm_interfaces_on_link (lo, near, 9999));
  fail_unless_equals_string (best, "127.0.0.1");
  vm_interfaces_free (lo);
}

GST_END_TEST;

GST_START_TEST (test_base_uri)
{
  g_autoptr (GSocketAddress) v4 =
      g_inet_socket_address_new_from_string ("127.0.0.1", 8080);
  g_autoptr (GSocketAddress) v6 =
      g_inet_socket_address_new_from_string ("::1", 8080);
  g_autoptr (GInetAddress) local = g_inet_address_new_from_string ("fe80::1");
  g_autoptr (GSocketAddress) zone = g_object_new (G_TYPE_INET_SOCKET_ADDRESS,
      "address", local, "port", 8080, "scope-id", 1, NULL);
  g_autofree gchar *uri4 = vm_base_uri (v4, TRUE);
  g_autofree gchar *uri6 = vm_base_uri (v6, FALSE);
  g_autofree gchar *uri_zone = vm_base_uri (zone, TRUE);

  fail_unless_equals_string (uri4, "https://127.0.0.1:8080");
  fail_unless_equals_string (uri6, "http://[::1]:8080");
  fail_unless_equals_string (uri_zone, "https://[fe80::1%25lo]:8080");
}

GST_END_TEST;

#if HAVE_AVAHI
GST_START_TEST (test_dns_names)
{
  static const guint8 expected[] = "\x0f"
                                   "Ann's \\.MacBook"
                                   "\x0a_videomeet\x04_tcp\x05local";
  g_autoptr (GByteArray) name =
      vm_dns_name ("Ann's \\.MacBook", "_videomeet._tcp.local");
  g_autofree gchar *fits = g_strnfill (63, 'x');
  g_autofree gchar *too_long = g_strnfill (64, 'x');
  g_autoptr (GByteArray) longest = vm_dns_name (fits, "local");

  fail_unless_equals_int (name->len, sizeof expected);
  fail_unless (memcmp (name->data, expected, name->len) == 0);
  fail_unless (longest != NULL);
  fail_unless (vm_dns_name (too_long, "local") == NULL);
}

GST_END_TEST;
#endif

static Suite *
finder_suite (void)
{
  Suite *s = suite_create ("finder");
  TCase *tc = tcase_create ("finder");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, event_log_open, event_log_close);
  tcase_add_test (tc, test_udp);
  tcase_add_test (tc, test_unknown_interfaces);
  tcase_add_test (tc, test_on_link);
  tcase_add_test (tc, test_base_uri);
#if HAVE_AVAHI
  tcase_add_test (tc, test_dns_names);
#endif
  return s;
}

CHECK_PROGRAM (finder)
