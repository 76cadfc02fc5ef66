"""The application's tables as its models make them on MariaDB, with realistic rows and real fragmentation.

Enums store member names in upper case, all times are naive UTC, booleans are tinyint(1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.eventually import eventually

if TYPE_CHECKING:
    import pymysql

__all__ = ["TABLES", "create_application", "fill_and_fragment"]

TABLES = ("users", "platform_connections", "posts", "images", "processing_runs", "user_sessions")
"""The six of the procedures."""

_END = "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 ROW_FORMAT=DYNAMIC"
_DDL = (
    f"""CREATE TABLE users (
        id INT AUTO_INCREMENT PRIMARY KEY, username VARCHAR(64) NOT NULL UNIQUE,
        email VARCHAR(120) NOT NULL UNIQUE, password_hash VARCHAR(256) NOT NULL,
        role ENUM('ADMIN','MODERATOR','REVIEWER','VIEWER') NOT NULL, is_active BOOL, created_at DATETIME,
        last_login DATETIME, email_verified BOOL) {_END}""",
    f"""CREATE TABLE platform_connections (
        id INT AUTO_INCREMENT PRIMARY KEY, user_id INT NOT NULL, name VARCHAR(100) NOT NULL,
        platform_type VARCHAR(50) NOT NULL, instance_url VARCHAR(500) NOT NULL, username VARCHAR(200),
        access_token TEXT NOT NULL, is_active BOOL, created_at DATETIME, UNIQUE (user_id, name),
        FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE) {_END}""",
    f"""CREATE TABLE posts (
        id INT AUTO_INCREMENT PRIMARY KEY, post_id VARCHAR(500) NOT NULL, user_id INT NOT NULL,
        post_url VARCHAR(500) NOT NULL, post_content TEXT, created_at DATETIME, updated_at DATETIME,
        platform_connection_id INT, FOREIGN KEY (user_id) REFERENCES users (id),
        FOREIGN KEY (platform_connection_id) REFERENCES platform_connections (id)) {_END}""",
    f"""CREATE TABLE images (
        id INT AUTO_INCREMENT PRIMARY KEY, post_id INT NOT NULL, image_url TEXT NOT NULL,
        local_path VARCHAR(500) NOT NULL, attachment_index INT NOT NULL, generated_caption TEXT,
        prompt_used TEXT, status ENUM('PENDING','REVIEWED','APPROVED','REJECTED','POSTED','ERROR'),
        created_at DATETIME, caption_quality_score INT, needs_special_review BOOL,
        UNIQUE (post_id, attachment_index), FOREIGN KEY (post_id) REFERENCES posts (id)) {_END}""",
    f"""CREATE TABLE processing_runs (
        id INT AUTO_INCREMENT PRIMARY KEY, user_id INT NOT NULL, batch_id VARCHAR(200), started_at DATETIME,
        completed_at DATETIME, posts_processed INT, status VARCHAR(50), retry_stats_json TEXT,
        FOREIGN KEY (user_id) REFERENCES users (id)) {_END}""",
    f"""CREATE TABLE user_sessions (
        id INT AUTO_INCREMENT PRIMARY KEY, session_id VARCHAR(255) NOT NULL UNIQUE, user_id INT NOT NULL,
        created_at DATETIME NOT NULL, updated_at DATETIME NOT NULL, last_activity DATETIME NOT NULL,
        expires_at DATETIME NOT NULL, is_active BOOL NOT NULL, session_fingerprint TEXT, user_agent TEXT,
        ip_address VARCHAR(45), KEY (expires_at), KEY (is_active),
        FOREIGN KEY (user_id) REFERENCES users (id)) {_END}""",
)
_USERS = (
    "INSERT INTO users (id, username, email, password_hash, role, is_active, created_at) VALUES "
    "(1,'admin','admin@x.example','h','ADMIN',1,UTC_TIMESTAMP()), "
    "(2,'alice','alice@x.example','h','REVIEWER',1,UTC_TIMESTAMP()), "
    "(3,'bob','bob@x.example','h','VIEWER',1,UTC_TIMESTAMP()), "
    "(4,'mod','mod@x.example','h','MODERATOR',0,UTC_TIMESTAMP())"
)


def create_application(connection: pymysql.Connection, *, without: tuple[str, ...] = ()) -> None:
    """Make the tables, with four users, a connection and a post."""
    cursor = connection.cursor()
    for name, ddl in zip(TABLES, _DDL, strict=True):
        if name not in without:
            cursor.execute(ddl)
    cursor.execute(_USERS)
    cursor.execute(
        "INSERT INTO platform_connections (id, user_id, name, platform_type, instance_url, access_token) "
        "VALUES (1, 2, 'Pixelfed', 'pixelfed', 'https://pix.example', 'gAAAA')"
    )
    cursor.execute("INSERT INTO posts (id, post_id, user_id, post_url) VALUES (1, 'p1', 2, 'https://pix/1')")
    connection.commit()


def fill_and_fragment(connection: pymysql.Connection, *, rows: int = 12_000) -> None:
    """Fill `images` (about 2 KB a row), delete three rows of four, and wait until InnoDB has noticed that
    most of its pages are free; give `user_sessions` some rows."""
    cursor = connection.cursor()
    numbers = (
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) "
        "SELECT {columns} FROM n"
    )
    cursor.execute(f"SET SESSION max_recursive_iterations = {rows + 1}")
    columns = "1, CONCAT('https://pix/', i), CONCAT('/img/', i), i, REPEAT('caption ', 250), 'PENDING'"
    cursor.execute(
        "INSERT INTO images (post_id, image_url, local_path, attachment_index, generated_caption, status) "
        + numbers.format(rows=rows, columns=columns)
    )
    connection.commit()
    cursor.execute("DELETE FROM images WHERE attachment_index <= %s", (rows * 3 // 4,))
    connection.commit()
    columns = "UUID(), 2, NOW(), NOW(), NOW(), NOW(), i % 2"
    cursor.execute(
        "INSERT INTO user_sessions (session_id, user_id, created_at, updated_at, last_activity, expires_at, "
        "is_active) " + numbers.format(rows=500, columns=columns)
    )
    connection.commit()
    eventually(lambda: _free(connection) > rows * 1000, within=60, what="the deleted rows to be purged")


def _free(connection: pymysql.Connection) -> int:
    cursor = connection.cursor()
    cursor.execute(
        "SELECT DATA_FREE FROM information_schema.TABLES "
        "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'images'"
    )
    row = cursor.fetchone()
    connection.commit()
    return int(row[0]) if row else 0
