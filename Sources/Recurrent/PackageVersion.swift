/// The version of this package.
public enum PackageVersion {
  /// The version, as in the changelog.
  public static let current = "0.1.0"
}
