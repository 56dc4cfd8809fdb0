//! Connections of clients.
//!
//! The official Rust client sends a call in two packets and leaves Nagle's algorithm on: it holds the second back until the
//! first is acknowledged, which this side's system would do 40 ms later. So every read is acknowledged at once.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::{Stream, stream};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::transport::server::{Connected, TcpConnectInfo};

/// Connections at a time; further ones wait in the system's queue.
const CONNECTIONS_MAX: usize = 1024;

const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// A connection, and its place among those that there may be.
pub struct Socket(TcpStream, #[expect(dead_code, reason = "is given back when it is dropped")] OwnedSemaphorePermit);

/// The connections that clients make.
pub fn accepted(listener: TcpListener) -> impl Stream<Item = io::Result<Socket>> + Send {
    accepted_up_to(CONNECTIONS_MAX, listener)
}

fn accepted_up_to(max: usize, listener: TcpListener) -> impl Stream<Item = io::Result<Socket>> + Send {
    stream::unfold((listener, Arc::new(Semaphore::new(max))), |(listener, places)| async move {
        Some((accept(&listener, &places).await, (listener, places)))
    })
}

async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> io::Result<Socket> {
    let place = match Arc::clone(places).try_acquire_owned() {
        Ok(place) => place,
        Err(_) => {
            tracing::warn!("there are as many connections as there may be: the next waits until one of them ends");
            Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?
        }
    };
    match listener.accept().await {
        Ok((stream, _)) => {
            stream.set_nodelay(true)?;
            Ok(Socket(stream, place))
        }
        Err(error) => {
            tracing::warn!(%error, "a connection could not be taken");
            // The machine has no room for one: at once there would be none either.
            tokio::time::sleep(ACCEPT_PAUSE).await;
            Err(error)
        }
    }
}

#[cfg(feature = "tls")]
pub use encrypted::encrypted;

#[cfg(feature = "tls")]
mod encrypted {
    use futures::StreamExt as _;
    use tokio_rustls::server::TlsStream;

    use super::*;
    use crate::tls::Tls;

    /// How long a client may take to agree on a connection.
    const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
    /// Connections that are being agreed on at a time; further ones wait in the system's queue.
    const HANDSHAKES_MAX: usize = 256;

    pub struct EncryptedSocket(TlsStream<Socket>);

    /// The connections of clients with which one could agree. Of the others nobody hears but the operator.
    pub fn encrypted(listener: TcpListener, tls: &Tls) -> impl Stream<Item = io::Result<EncryptedSocket>> + Send {
        let acceptor = tls.acceptor();
        let agreeing = accepted(listener).map(move |accepted| {
            let acceptor = acceptor.clone();
            async move {
                match tokio::time::timeout(HANDSHAKE_MAX, acceptor.accept(accepted?)).await {
                    Ok(agreed) => agreed.map(EncryptedSocket),
                    Err(_) => Err(io::ErrorKind::TimedOut.into()),
                }
            }
        });
        agreeing.buffer_unordered(HANDSHAKES_MAX).filter_map(|agreed| async {
            agreed.inspect_err(|error| tracing::debug!(%error, "a client did not connect")).ok().map(Ok)
        })
    }

    impl Connected for EncryptedSocket {
        type ConnectInfo = TcpConnectInfo;

        fn connect_info(&self) -> TcpConnectInfo {
            self.0.get_ref().0.connect_info()
        }
    }

    impl AsyncRead for EncryptedSocket {
        fn poll_read(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
            into: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_read(context, into)
        }
    }

    impl AsyncWrite for EncryptedSocket {
        fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            Pin::new(&mut self.0).poll_write(context, bytes)
        }

        fn poll_write_vectored(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
            parts: &[io::IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            Pin::new(&mut self.0).poll_write_vectored(context, parts)
        }

        fn is_write_vectored(&self) -> bool {
            self.0.is_write_vectored()
        }

        fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_flush(context)
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_shutdown(context)
        }
    }
}

/// The system forgets this after a while, so it is said again. Where it is not known, calls are slower and that is all.
fn acknowledge_at_once(stream: &TcpStream) {
    #[cfg(target_os = "linux")]
    let _ = SockRef::from(stream).set_tcp_quickack(true);
    #[cfg(not(target_os = "linux"))]
    let _ = SockRef::from(stream);
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.0).poll_read(context, into))?;
        acknowledge_at_once(&self.0);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

impl Connected for Socket {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        self.0.connect_info()
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt as _;

    use super::*;

    #[tokio::test]
    async fn a_connection_waits_until_there_is_a_place_for_it() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut accepted = Box::pin(accepted_up_to(1, listener));
        let _clients = [TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap()];
        let first = accepted.next().await.unwrap().unwrap();
        let waits = tokio::time::timeout(Duration::from_millis(50), accepted.next()).await;
        assert!(waits.is_err(), "there is one place");
        drop(first);
        accepted.next().await.unwrap().unwrap();
    }
}
